// `restem show RUN --problem ID`: everything a run drew for one problem, as text.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace restem {

// Samples and verdicts of the problem, iteration by iteration: those of training (samples.jsonl,
// verdicts.jsonl) and of each test set. InvalidInput where no finished file of the run mentions it.
absl::StatusOr<std::string> RenderProblem(const std::string& run_dir, std::string_view problem);

}  // namespace restem
