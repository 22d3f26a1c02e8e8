#include "text/completion.h"

#include <algorithm>
#include <optional>
#include <string>

#include "text/decode_stream.h"
#include "text/unicode.h"

namespace restem {
namespace {

std::optional<std::vector<int32_t>> RestAfter(const std::vector<int32_t>& prefix,
                                              const std::vector<int32_t>& all) {
  if (all.size() < prefix.size() || !std::equal(prefix.begin(), prefix.end(), all.begin())) {
    return std::nullopt;
  }
  return std::vector<int32_t>(all.begin() + static_cast<std::ptrdiff_t>(prefix.size()), all.end());
}

}  // namespace

std::vector<int32_t> EncodeCompletion(const Tokenizer& tokenizer,
                                      std::string_view prompt,
                                      std::string_view completion,
                                      bool add_special_tokens) {
  const std::vector<int32_t> prompt_ids = tokenizer.encode(prompt, add_special_tokens);
  const std::string both = std::string(prompt) + std::string(completion);
  const auto together = RestAfter(prompt_ids, tokenizer.encode(both, add_special_tokens));
  if (together) return *together;

  // After a line's end most tokenizers begin a word anew; where they do not, the text does not come
  // out right.
  const std::string wanted = text::ReplaceInvalidUtf8(completion);
  const std::vector<int32_t> alone = tokenizer.encode(completion, /*add_special_tokens=*/false);
  if (DecodeCompletion(tokenizer, prompt_ids, alone) == wanted) return alone;
  for (const std::string anchor : {"\n", "0", "."}) {
    const auto rest =
        RestAfter(tokenizer.encode(anchor, /*add_special_tokens=*/false),
                  tokenizer.encode(anchor + std::string(completion), /*add_special_tokens=*/false));
    if (rest && DecodeCompletion(tokenizer, prompt_ids, *rest) == wanted) return *rest;
  }
  return alone;
}

}  // namespace restem
