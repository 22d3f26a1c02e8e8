#include "reward/options.h"

#include <fmt/format.h>

#include <string_view>
#include <vector>

namespace restem {
namespace {

std::shared_ptr<VerifierSpec> MakeSpec(std::string_view type) {
  for (const VerifierType& known : VerifierTypes()) {
    if (known.name == type) return known.make_spec();
  }
  return nullptr;
}

void DescribeTypes(config::Fields& f) {
  for (const VerifierType& known : VerifierTypes()) {
    const std::unique_ptr<VerifierSpec> spec = known.make_spec();
    f.alternative(
        fmt::format("type: {}", known.name),
        [&spec](config::Fields& inner) { spec->visit(inner); },
        known.help);
  }
}

}  // namespace

void RewardOptions::visit(config::Fields& f) {
  std::vector<std::string_view> names;
  for (const VerifierType& known : VerifierTypes()) names.push_back(known.name);
  const bool type_holds = f.choice("type", type, names, "How a completion is judged.");
  f.real("max_error_rate",
         max_error_rate,
         {.min = 0, .max = 1},
         "Stop when more than this share of verdicts are errors of the verifier itself.");
  f.auto_or("jobs",
            jobs,
            {.min = 1, .max = 1024},
            "Verdicts worked on at once; auto: one per thread, or as many as the judge "
            "elsewhere takes.");
  if (f.purpose() == config::Purpose::kDescribe) return DescribeTypes(f);
  if (!type_holds) return f.ignore_rest();  // its own fields depend on the type
  if (f.reads()) spec = MakeSpec(type);
  if (spec != nullptr) spec->visit(f);
}

}  // namespace restem
