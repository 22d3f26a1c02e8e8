// Early stopping's measure of weights under training.
#pragma once

#include <functional>

#include "base/status.h"
#include "loop/run.h"
#include "model/decoder.h"

namespace restem {

// By train.early_stop: the share of validation problems that greedy decoding solves (`reward`),
// minus the mean negative log-likelihood of their human solutions (`loss`), or null (`none`, or no
// validation problems). Higher is better.
std::function<absl::StatusOr<double>(const Model&, int64_t step)> MakeValidation(Run& run,
                                                                                 int64_t iteration,
                                                                                 Arm arm);

}  // namespace restem
