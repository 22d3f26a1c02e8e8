// What another reward, or a mended one, says differently: `restem verify --against OLD.jsonl`.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "io/jsonl.h"

namespace restem {

// Matches verdicts by id and sample; of several with the same ones, the first with the first, and
// so on. Files in much the same order need little memory, whatever their size.
class VerdictChanges {
 public:
  static absl::StatusOr<std::unique_ptr<VerdictChanges>> open(const std::string& old_path);

  // The next new verdict, a line as `restem verify` writes it. Prints each verdict that is found to
  // have changed on stdout: {"id","sample","old","new","old_extracted","new_extracted"}.
  absl::Status add(std::string_view new_line);
  // {"same", "changed", "changes": {"wrong->correct": 3, …}, "only_old", "only_new"}
  absl::StatusOr<nlohmann::ordered_json> finish();

 private:
  struct Side {
    std::string verdict;
    std::string extracted;
  };
  struct Waiting {  // for the other file's: one of the two is empty
    std::deque<Side> old_ones;
    std::deque<Side> new_ones;
  };

  VerdictChanges(std::string path, JsonlReader lines)
      : path_(std::move(path)), lines_(std::move(lines)) {}
  absl::StatusOr<bool> read_old();
  absl::Status match(const nlohmann::json& fields, bool is_new, const std::string& where);
  void compare(const nlohmann::json& fields, const Side& before, const Side& now);

  const std::string path_;
  JsonlReader lines_;
  std::map<std::string, Waiting> waiting_;  // by id and sample
  std::map<std::string, int64_t> changes_;  // "wrong->correct"
  int64_t same_ = 0;
  int64_t changed_ = 0;
};

}  // namespace restem
