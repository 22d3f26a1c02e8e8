#include "model/options.h"

#include <array>
#include <string_view>

namespace restem {

void VisitDtype(config::Fields& f, std::string& dtype) {
  static constexpr std::array<std::string_view, 2> kDtypes = {"float32", "bfloat16"};
  f.choice("dtype", dtype, kDtypes, "Number format of weights and activations.");
}

void ModelOptions::visit(config::Fields& f) {
  f.path("base", base, "HF model directory that every iteration starts from.");
  f.require(!base.empty(), "base", "is missing: the HF model directory to start from");
  VisitDtype(f, dtype);
  f.boolean("from_scratch",
            from_scratch,
            "The directory has a config and a tokenizer but no weights: draw them at random.");
}

void LoraOptions::visit(config::Fields& f) {
  f.integer("r", r, {.min = 1, .max = 65536}, "Rank of the added matrices.");
  f.real("lora_alpha", lora_alpha, {.min = 0, .open_min = true}, "Their scale is lora_alpha / r.");
  f.real("lora_dropout", lora_dropout, {.min = 0, .max = 1}, "Dropout before the added matrices.");
  f.texts(
      "target_modules",
      target_modules,
      "Linear layers that get them: a layer's name or its end, or all-linear: those of attention "
      "and MLPs, experts left out.");
  f.require(lora_dropout < 1.0, "lora_dropout", "must be below 1");
  f.require(!target_modules.empty(), "target_modules", "names no layer");
}

}  // namespace restem
