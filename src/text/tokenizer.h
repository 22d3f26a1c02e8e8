// Text to token ids and back, as the `tokenizers` library does it for the same tokenizer.json.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "io/json_file.h"
#include "text/tokenizer_parts.h"

namespace restem {

// Immutable; safe to use from several threads.
class Tokenizer {
 public:
  // Reads `model_dir`/tokenizer.json or, where there is none, tokenizer.model with
  // tokenizer_config.json. A part that is not supported is InvalidInput naming the file and the
  // part. "truncation" and "padding" are ignored, as transformers does: a prompt is never cut
  // silently.
  static absl::StatusOr<std::shared_ptr<const Tokenizer>> load(const std::string& model_dir);
  // From a tokenizer.json's content; `file` is named in messages.
  static absl::StatusOr<std::shared_ptr<const Tokenizer>> parse(std::string_view json,
                                                                const std::string& file);
  // From the content of a SentencePiece model. `config` is tokenizer_config.json, or {}.
  static absl::StatusOr<std::shared_ptr<const Tokenizer>> parse_sentencepiece(
      std::string_view content, const std::string& file, const JsonFile& config);

  // Invalid UTF-8 becomes U+FFFD first. `add_special_tokens` adds what the post-processor says
  // (BOS, usually); special tokens written in the text are found either way.
  std::vector<int32_t> encode(std::string_view text, bool add_special_tokens) const;

  // Always valid UTF-8. Ids without a token are left out, special ones too if so asked.
  std::string decode(std::span<const int32_t> ids, bool skip_special_tokens) const;

  // Largest id + 1: an embedding must have at least as many rows.
  int32_t vocab_size() const;
  std::optional<int32_t> token_to_id(std::string_view token) const;
  // The token as the vocabulary spells it ("Ġthe", "▁the", "<0x0A>"); empty for an id without a
  // token.
  std::string_view id_to_token(int32_t id) const;
  bool is_special(int32_t id) const;

  const std::string& file() const { return file_; }

 private:
  friend class DecodeStream;

  // Appends what the decoder gets for `id`: nothing for an unknown or skipped one.
  void append_piece(int32_t id, bool skip_special_tokens, std::vector<std::string>* pieces) const;

  std::string file_;
  text::TokenizerParts parts_;
};

}  // namespace restem
