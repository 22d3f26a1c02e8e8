#include "reward/error_rate.h"

#include <absl/strings/str_join.h>
#include <fmt/format.h>

namespace restem {

absl::Status CheckErrorRate(const ScoreCounts& counts, double max_error_rate) {
  if (counts.total() == 0) return absl::OkStatus();
  const double share = static_cast<double>(counts.error) / static_cast<double>(counts.total());
  if (share <= max_error_rate) return absl::OkStatus();
  return Failed(
      fmt::format("the reward could not judge {} of {} samples ({:.1f}%, more than "
                  "reward.max_error_rate {}); first: {}",
                  counts.error,
                  counts.total(),
                  100.0 * share,
                  max_error_rate,
                  absl::StrJoin(counts.first_errors, "; ")));
}

}  // namespace restem
