// Token ids of a completion that is given as text (a human solution, the input of `restem
// logprob`).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"

namespace restem {

// Ids that follow those of encode(prompt, add_special_tokens) and read as `completion` there. Where
// prompt and completion encode together to the prompt's ids and more, it is those further ids;
// where a token would reach across the border, the completion is encoded for itself, without the
// space that SentencePiece puts before a text.
std::vector<int32_t> EncodeCompletion(const Tokenizer& tokenizer,
                                      std::string_view prompt,
                                      std::string_view completion,
                                      bool add_special_tokens = true);

}  // namespace restem
