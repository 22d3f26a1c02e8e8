#include "text/options.h"

#include "text/chat_template.h"
#include "text/prompt.h"

namespace restem {

void PromptOptions::visit(config::Fields& f) {
  f.boolean("chat",
            chat,
            "Ask with the model's chat template: `template` becomes the user's message, and the "
            "completion is the assistant's answer.");
  if (f.reads() && chat) template_text = "{question}";
  f.text("template",
         template_text,
         "The prompt: {name} stands for a problem's field of that name, {{ and }} for braces. "
         "With `chat` the default is \"{question}\".");
  f.path("few_shot",
         few_shot,
         "A file whose text goes before every prompt as it is, worked examples usually. With "
         "`chat` a JSONL file of messages {\"role\", \"content\"} that go before the question.");
  f.text("system", system, "With `chat`: the system message; empty: none.");
  f.text_map("chat_template_kwargs",
             chat_template_kwargs,
             "With `chat`: further variables of the template, such as {enable_thinking: false}. "
             "true, false, null and numbers are such values, anything else is text.");
  f.text("date",
         date,
         "With `chat`: the day, as 2024-07-26, for a template that writes today's date. It has no "
         "default: a job must not mean another prompt tomorrow.");
  const absl::Status parsed = CheckTemplate(template_text);
  f.require(parsed.ok(), "template", MessageOf(parsed));
  constexpr std::string_view kNeedsChat = "is for `chat: true` only";
  f.require(chat || system.empty(), "system", kNeedsChat);
  f.require(chat || chat_template_kwargs.empty(), "chat_template_kwargs", kNeedsChat);
  f.require(chat || date.empty(), "date", kNeedsChat);
  f.require(date.empty() || ParseDate(date).ok(), "date", "must be a day such as 2024-07-26");
}

}  // namespace restem
