// The "normalizer" of a tokenizer.json: what is done to a text before it is split.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "text/json_view.h"

namespace restem::text {

class Normalizer {
 public:
  virtual ~Normalizer() = default;
  // `text` is valid UTF-8 before and after.
  virtual void apply(std::string& text) const = 0;
};

// NFC, NFD, NFKC, NFKD, Lowercase, Strip, StripAccents, Replace, Prepend, ByteLevel, Sequence. Null
// for JSON's null.
absl::StatusOr<std::shared_ptr<const Normalizer>> ParseNormalizer(const JsonView& view);

}  // namespace restem::text
