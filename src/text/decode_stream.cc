#include "text/decode_stream.h"

#include <vector>

namespace restem {
namespace {

// A decoder looks back at most one run of byte tokens, and forgets how a text began after its first
// visible token.
constexpr size_t kContextTokens = 64;

}  // namespace

DecodeStream::DecodeStream(const Tokenizer& tokenizer,
                           std::span<const int32_t> context,
                           bool skip_special_tokens)
    : tokenizer_(&tokenizer),
      skip_special_tokens_(skip_special_tokens),
      chain_(tokenizer.decoder_.start(text::DecodeMode::kStream)) {
  size_t begin = context.size();
  for (size_t visible = 0; begin > 0 && visible < kContextTokens; --begin) {
    if (!(skip_special_tokens && tokenizer.is_special(context[begin - 1]))) ++visible;
  }
  for (const int32_t id : context.subspan(begin)) push(id);
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
