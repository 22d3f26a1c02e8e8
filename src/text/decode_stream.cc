#include "text/decode_stream.h"

#include <utility>
#include <vector>

namespace restem {

DecodeStream::DecodeStream(const Tokenizer& tokenizer,
                           std::span<const int32_t> context,
                           bool skip_special_tokens)
    : tokenizer_(&tokenizer),
      skip_special_tokens_(skip_special_tokens),
      chain_(tokenizer.parts_.decoder.start(text::DecodeMode::kStream)) {
  // All of it: cutting a long prompt could cut a character whose bytes are tokens.
  std::vector<std::string> pieces;
  pieces.reserve(context.size());
  for (const int32_t id : context) tokenizer.append_piece(id, skip_special_tokens, &pieces);
  chain_.run(std::move(pieces), /*last=*/false);
}

std::string DecodeStream::push(int32_t id) {
  std::vector<std::string> pieces;
  tokenizer_->append_piece(id, skip_special_tokens_, &pieces);
  return pieces.empty() ? std::string() : chain_.run(std::move(pieces), /*last=*/false);
}

std::string DecodeStream::finish() { return chain_.run({}, /*last=*/true); }

std::string DecodeCompletion(const Tokenizer& tokenizer,
                             std::span<const int32_t> context,
                             std::span<const int32_t> completion) {
  DecodeStream stream(tokenizer, context);
  std::string text;
  for (const int32_t id : completion) text += stream.push(id);
  return text + stream.finish();
}

}  // namespace restem
