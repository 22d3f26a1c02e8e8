// Tokens and their ids: what every kind of model has.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/status.h"
#include "text/json_view.h"

namespace restem::text {

class Vocabulary {
 public:
  // An object of tokens and their ids, as in a BPE model.
  static absl::StatusOr<Vocabulary> parse(const JsonView& view);
  // Token i has id i. Of equal tokens the last one's id counts.
  explicit Vocabulary(std::vector<std::string> tokens);
  Vocabulary(Vocabulary&&) = default;
  Vocabulary& operator=(Vocabulary&&) = default;

  std::optional<int32_t> token_to_id(std::string_view token) const;
  // Empty for an id without a token.
  std::string_view id_to_token(int32_t id) const;

  int32_t token_count() const { return static_cast<int32_t>(ids_.size()); }
  int32_t id_limit() const { return static_cast<int32_t>(tokens_.size()); }  // largest id + 1

 private:
  Vocabulary() = default;

  std::vector<std::string> tokens_;                      // by id
  absl::flat_hash_map<absl::string_view, int32_t> ids_;  // views of tokens_
};

}  // namespace restem::text
