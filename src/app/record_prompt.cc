#include "app/record_prompt.h"

#include <fmt/format.h>

namespace restem {

using nlohmann::ordered_json;

void VisitDate(config::Fields& f, std::string& date) {
  f.text("date",
         date,
         "The day, as 2024-07-26, for records with `messages` whose chat template writes it.");
}

absl::StatusOr<RecordPrompts> RecordPrompts::make(std::string model_dir,
                                                  const Tokenizer& tokenizer,
                                                  const std::string& date) {
  RecordPrompts prompts;
  prompts.model_dir_ = std::move(model_dir);
  prompts.tokenizer_ = &tokenizer;
  if (!date.empty()) {
    auto day = ParseDate(date);
    if (!day.ok()) return Annotate(day.status(), "--date");
    prompts.today_ = *day;
  }
  return prompts;
}

absl::StatusOr<RecordPrompt> RecordPrompts::of(const InputRecord& record) {
  const bool has_messages = record.fields.contains("messages");
  const bool has_text = record.fields.contains("prompt");
  const bool has_tokens = record.fields.contains("prompt_tokens");
  if (int{has_messages} + int{has_text} + int{has_tokens} != 1) {
    return InvalidInput(
        fmt::format("{}: expected one of `prompt`, `prompt_tokens` and `messages`", record.where));
  }
  if (has_messages) return of_messages(record);
  RecordPrompt prompt;
  RESTEM_ASSIGN_OR_RETURN(prompt.tokens, TokensOf(record, "prompt", "prompt_tokens", *tokenizer_));
  if (has_text) prompt.text = record.fields.at("prompt").get<std::string>();
  return prompt;
}

absl::StatusOr<RecordPrompt> RecordPrompts::of_messages(const InputRecord& record) {
  if (!chat_) {
    RESTEM_ASSIGN_OR_RETURN(chat_, ChatTemplate::load(model_dir_));
  }
  const auto member = [&](const char* name) {
    return record.ordered.contains(name) ? record.ordered.at(name) : ordered_json(nullptr);
  };
  Conversation conversation;
  conversation.messages = member("messages");
  conversation.tools = member("tools");
  conversation.documents = member("documents");
  if (const ordered_json more = member("chat_template_kwargs"); !more.is_null()) {
    if (!more.is_object())
      return InvalidInput(
          fmt::format("{}: `chat_template_kwargs` must be an object", record.where));
    conversation.more = more;
  }
  conversation.today = today_;
  auto text = chat_->render(conversation);
  if (!text.ok()) return Annotate(text.status(), record.where);
  RecordPrompt prompt{*std::move(text), /*add_special_tokens=*/false, {}};
  prompt.tokens = tokenizer_->encode(prompt.text, /*add_special_tokens=*/false);
  return prompt;
}

}  // namespace restem
