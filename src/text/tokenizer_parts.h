// What a tokenizer consists of, from whatever file it was read.
#pragma once

#include <memory>

#include "text/added_tokens.h"
#include "text/decoder.h"
#include "text/model.h"
#include "text/normalizer.h"
#include "text/post_processor.h"
#include "text/pre_tokenizer.h"

namespace restem::text {

struct TokenizerParts {
  std::shared_ptr<const Normalizer> normalizer;       // null: none
  std::shared_ptr<const PreTokenizer> pre_tokenizer;  // null: none
  std::unique_ptr<const Model> model;
  AddedTokens added;
  PostProcessor post_processor;
  Decoder decoder;
};

}  // namespace restem::text
