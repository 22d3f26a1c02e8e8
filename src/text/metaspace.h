// SentencePiece's visible space. The same fields serve as pre-tokenizer and as decoder.
#pragma once

#include <string>

#include "base/status.h"
#include "text/json_view.h"

namespace restem::text {

enum class PrependScheme { kAlways, kFirst, kNever };

struct MetaspaceOptions {
  std::string replacement;  // one character
  PrependScheme prepend = PrependScheme::kAlways;
  bool split = true;
};

absl::StatusOr<MetaspaceOptions> ParseMetaspace(const JsonView& view);

}  // namespace restem::text
