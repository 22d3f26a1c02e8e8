// Learning rate by step.
#pragma once

#include <cstdint>

#include "trainer/options.h"

namespace restem {

// Rate of optimizer step `step` (from 0) of `total_steps`: linear warm-up from 0 over warmup_steps,
// then by lr_scheduler_type: cosine or linear down to 0, or constant.
double LearningRate(const TrainOptions& options, int64_t step, int64_t total_steps);

}  // namespace restem
