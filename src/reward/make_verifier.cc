#include "reward/make_verifier.h"

#include <absl/strings/str_join.h>
#include <fmt/format.h>

namespace restem {

absl::StatusOr<std::unique_ptr<Verifier>> MakeVerifier(const RewardOptions& options) {
  std::shared_ptr<VerifierSpec> spec = options.spec;
  std::vector<std::string> names;
  for (const VerifierType& type : VerifierTypes()) {
    names.emplace_back(type.name);
    if (spec == nullptr && type.name == options.type) spec = type.make_spec();
  }
  if (spec == nullptr) {
    return InvalidInput(fmt::format(
        "reward.type '{}' is unknown; known are {}", options.type, absl::StrJoin(names, ", ")));
  }
  auto verifier = spec->build();
  if (!verifier.ok()) return Annotate(verifier.status(), fmt::format("reward {}", options.type));
  return verifier;
}

}  // namespace restem
