// The `model` section of a job.
#pragma once

#include <string>

#include "config/fields.h"

namespace restem {

struct ModelOptions {
  std::string base;                // an HF model directory
  std::string dtype = "bfloat16";  // float32 | bfloat16
  bool from_scratch = false;       // `base` has a config and a tokenizer, no weights

  void visit(config::Fields& f);
};

// `f.choice` over the dtypes a model can be held in; also the command line's --dtype.
void VisitDtype(config::Fields& f, std::string& dtype);

}  // namespace restem
