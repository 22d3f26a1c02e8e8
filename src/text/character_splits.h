// Pre-tokenizers that cut a text by what its characters are.
#pragma once

#include <memory>
#include <string_view>

#include "base/status.h"
#include "text/json_view.h"
#include "text/pre_tokenizer.h"

namespace restem::text {

// Digits, Punctuation, WhitespaceSplit, BertPreTokenizer, CharDelimiterSplit, FixedLength,
// UnicodeScripts. Null where `type` is none of these.
absl::StatusOr<std::shared_ptr<const PreTokenizer>> ParseCharacterSplit(const JsonView& view,
                                                                        std::string_view type);

}  // namespace restem::text
