// From a problem to the text that the model is asked with.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "text/chat_template.h"
#include "text/options.h"

namespace restem {

// InvalidInput for a brace without its partner or an empty {}.
absl::Status CheckTemplate(std::string_view template_text);

class PromptTemplate {
 public:
  // Reads the few-shot file, if there is one, and with `chat` the chat template of `model_dir`.
  // InvalidInput for a malformed template or file.
  static absl::StatusOr<PromptTemplate> make(const PromptOptions& options,
                                             const std::string& model_dir);

  // The fields that it names.
  std::vector<std::string> fields() const;

  // The few-shot text, then the template with each {field} replaced by `fields`' value: text as it
  // is, an integral number without a point, other numbers as short as they can be, lists and
  // objects as JSON. With `chat` that is the user's message behind the system's and the few-shot
  // messages, in the chat template with its generation prompt. `problem` is the id, for messages.
  // InvalidInput names a field that the problem lacks, or has as null, and where the chat template
  // refuses the conversation.
  absl::StatusOr<std::string> render(const nlohmann::json& fields, std::string_view problem) const;

  // Whether encoding a prompt adds the tokenizer's special tokens: a chat template writes its own.
  bool add_special_tokens() const { return !chat_.has_value(); }
  // With `chat` what the template writes behind an answer, its end token first; else empty.
  std::string after_answer() const;

 private:
  friend absl::Status CheckTemplate(std::string_view template_text);

  struct Part {
    bool field;
    std::string text;  // the field's name, or text to copy
  };
  static absl::StatusOr<std::vector<Part>> parse(std::string_view template_text);

  absl::Status read_chat(const PromptOptions& options, const std::string& model_dir);
  absl::StatusOr<std::string> fill(const nlohmann::json& fields, std::string_view problem) const;

  std::string few_shot_;
  std::vector<Part> parts_;
  std::optional<ChatTemplate> chat_;
  Conversation conversation_;  // up to the question
};

}  // namespace restem
