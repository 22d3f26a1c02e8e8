// A reward that fails must not pass for one that says "wrong".
#pragma once

#include "base/status.h"
#include "reward/pool.h"

namespace restem {

// Failed, with counts and the first reasons, where the share of `error` verdicts is above
// `max_error_rate` (in [0, 1], reward.max_error_rate).
absl::Status CheckErrorRate(const ScoreCounts& counts, double max_error_rate);

}  // namespace restem
