#include <algorithm>
#include <utility>

#include "reward/field.h"
#include "reward/verifier.h"

namespace restem {
namespace {

// A function's own static, since registrations of other files run before main in any order.
std::vector<VerifierType>& MutableTypes() {
  static auto* const types = new std::vector<VerifierType>();
  return *types;
}

}  // namespace

std::string Verifier::gold_completion(const Problem& problem) const {
  return FieldText(problem, "answer").value_or("");
}

VerifierRegistration::VerifierRegistration(
    std::string_view name,
    std::string_view help,
    std::function<std::unique_ptr<VerifierSpec>()> make_spec) {
  std::vector<VerifierType>& types = MutableTypes();
  const auto place = std::lower_bound(
      types.begin(), types.end(), name, [](const VerifierType& type, std::string_view n) {
        return type.name < n;
      });
  types.insert(place, VerifierType{name, help, std::move(make_spec)});
}

const std::vector<VerifierType>& VerifierTypes() { return MutableTypes(); }

}  // namespace restem
