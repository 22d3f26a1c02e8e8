// From options to a verifier.
#pragma once

#include <memory>

#include "base/status.h"
#include "reward/options.h"
#include "reward/verifier.h"

namespace restem {

// The verifier of options that were read, or of the type's defaults where its own fields were not.
// InvalidInput for an unknown type (the known ones are listed) and for what the type's own `build`
// refuses.
absl::StatusOr<std::unique_ptr<Verifier>> MakeVerifier(const RewardOptions& options);

}  // namespace restem
