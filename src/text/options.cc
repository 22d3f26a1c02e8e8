#include "text/options.h"

#include "text/prompt.h"

namespace restem {

void PromptOptions::visit(config::Fields& f) {
  f.text("template",
         template_text,
         "The prompt: {name} stands for a problem's field of that name, {{ and }} for braces.");
  f.path("few_shot",
         few_shot,
         "A file whose text goes before every prompt as it is, worked examples usually.");
  f.boolean("chat", chat, "Render the prompt with the model's chat template. Not supported yet.");
  const absl::Status parsed = CheckTemplate(template_text);
  f.require(parsed.ok(), "template", MessageOf(parsed));
  f.require(!chat, "chat", kChatNotSupported);
}

}  // namespace restem
