// The `prompt:` section of a job.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/fields.h"

namespace restem {

struct PromptOptions {
  bool chat = false;
  std::string template_text = "Q: {question}\nA:";  // with `chat` by default only {question}
  std::string few_shot;                             // a file's path; empty: none
  std::string system;                               // empty: none
  std::map<std::string, std::vector<std::string>> chat_template_kwargs;
  std::string date;  // YYYY-MM-DD; empty: none

  void visit(config::Fields& f);
};

}  // namespace restem
