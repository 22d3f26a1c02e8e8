// The prompt of an input record of `generate` and `logprob`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/jsonl_io.h"
#include "config/fields.h"
#include "text/chat_template.h"
#include "text/tokenizer.h"

namespace restem {

// `--date`, which the commands over conversations share.
void VisitDate(config::Fields& f, std::string& date);

struct RecordPrompt {
  std::string text;                // empty where token ids were given
  bool add_special_tokens = true;  // whether encoding the text adds them
  std::vector<int32_t> tokens;
};

class RecordPrompts {
 public:
  // `date` may be empty; InvalidInput where it is none.
  static absl::StatusOr<RecordPrompts> make(std::string model_dir,
                                            const Tokenizer& tokenizer,
                                            const std::string& date);

  // Of `prompt`, of `prompt_tokens`, or of `messages` in the model's chat template with its
  // generation prompt; `tools`, `documents` and `chat_template_kwargs` go with the latter.
  absl::StatusOr<RecordPrompt> of(const InputRecord& record);

 private:
  absl::StatusOr<RecordPrompt> of_messages(const InputRecord& record);

  std::string model_dir_;
  const Tokenizer* tokenizer_ = nullptr;
  std::optional<std::tm> today_;
  std::optional<ChatTemplate> chat_;  // read when the first record needs it
};

}  // namespace restem
