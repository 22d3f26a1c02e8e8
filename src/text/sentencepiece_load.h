// A tokenizer from a SentencePiece model, as SentencePiece itself encodes and decodes. Control
// pieces (<s>, </s>) that are written in a text are found there, which SentencePiece leaves to its
// caller; what lies between them is encoded as texts of their own.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "io/json_file.h"
#include "text/tokenizer_parts.h"

namespace restem::text {

// tokenizer_config.json of the directory, or {}. InvalidInput where the directory has
// added_tokens.json, which nothing here reads.
absl::StatusOr<JsonFile> ReadTokenizerConfig(const std::string& model_dir);

// Of `config` it reads add_bos_token (default true where the model has <s>), add_eos_token (default
// false), added_tokens_decoder, and refuses what would change the model's own rules.
absl::StatusOr<TokenizerParts> LoadSentencePiece(std::string_view content,
                                                 const std::string& file,
                                                 const JsonFile& config);

}  // namespace restem::text
