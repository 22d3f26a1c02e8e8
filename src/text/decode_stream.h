// Text of a completion while it is being drawn, token by token.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "text/decoder.h"
#include "text/tokenizer.h"

namespace restem {

// What all calls return, put together, is what decode() of context and completion has after
// decode() of the context: after "Once▁upon", the token "▁a" is " a". A context without visible
// tokens (BOS alone) begins a text, where SentencePiece's first space is left out. A character
// whose bytes are spread over tokens comes with its last byte. One difference to decode(): see
// MakeByteFallbackStage, of bytes that are no UTF-8.
class DecodeStream {
 public:
  // `context` is the prompt. `tokenizer` must outlive the stream.
  explicit DecodeStream(const Tokenizer& tokenizer,
                        std::span<const int32_t> context = {},
                        bool skip_special_tokens = true);

  // The text that `id` completes; empty while a character is incomplete.
  std::string push(int32_t id);

  // What is left at the end: U+FFFD for an incomplete character. No push() may follow.
  std::string finish();

 private:
  const Tokenizer* tokenizer_;
  bool skip_special_tokens_;
  text::DecodeChain chain_;
};

// All of a completion's text at once: the pushes and the finish put together.
std::string DecodeCompletion(const Tokenizer& tokenizer,
                             std::span<const int32_t> context,
                             std::span<const int32_t> completion);

}  // namespace restem
