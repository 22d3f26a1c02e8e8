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

}  // namespace restem
