// The `prompt:` section of a job.
#pragma once

#include <string>

#include "config/fields.h"

namespace restem {

struct PromptOptions {
  std::string template_text = "Q: {question}\nA:";
  std::string few_shot;  // a file's path; empty: none
  bool chat = false;

  void visit(config::Fields& f);
};

}  // namespace restem
