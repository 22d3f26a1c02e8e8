// The `model` and `lora` sections of a job.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

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

// Low-rank training; absent from a job: full fine-tuning.
struct LoraOptions {
  int64_t r = 16;
  double lora_alpha = 32.0;
  double lora_dropout = 0.0;
  std::vector<std::string> target_modules = {"all-linear"};

  void visit(config::Fields& f);
};

}  // namespace restem
