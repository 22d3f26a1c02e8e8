// The chat template of a model directory: from a conversation to the text that the model is asked
// with, as transformers' apply_chat_template makes it.
#pragma once

#include <ctime>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "text/jinja/template.h"

namespace restem {

struct Conversation {
  nlohmann::ordered_json messages;             // list of {"role", "content", …}
  nlohmann::ordered_json tools = nullptr;      // list of JSON schemas, or null
  nlohmann::ordered_json documents = nullptr;  // list of objects, or null
  nlohmann::ordered_json more = nlohmann::ordered_json::object();  // further template variables
  bool add_generation_prompt = true;
  std::optional<std::tm> today = std::nullopt;  // what strftime_now sees
};

// Immutable; safe to use from several threads.
class ChatTemplate {
 public:
  // chat_template.jinja and chat_templates/*.jinja of `model_dir`, else `chat_template` of its
  // tokenizer_config.json (one text, or a list of {name, template}); as transformers 5,
  // tokenization_utils_base.py, reads them. Special tokens come from tokenizer_config.json.
  // InvalidInput where there is no template, or one that is malformed or uses what is not
  // supported.
  static absl::StatusOr<ChatTemplate> load(const std::string& model_dir);

  // With tools the template named tool_use, where there is one, else the one named default. The
  // text holds all special tokens: encode it without adding any. InvalidInput names file and line
  // where the template refuses the conversation.
  absl::StatusOr<std::string> render(const Conversation& conversation) const;

  // What the template writes behind an assistant's last message, its end token first; empty where
  // the template does not take such a conversation.
  std::string after_answer(const Conversation& conversation) const;

 private:
  std::map<std::string, jinja::Template> templates_;  // by name
  nlohmann::ordered_json special_tokens_ = nlohmann::ordered_json::object();
  std::string model_dir_;
};

// "2024-07-26". InvalidInput for anything else.
absl::StatusOr<std::tm> ParseDate(std::string_view text);

}  // namespace restem
