// What the ranks tell one another at the end of each step's gradient.
#pragma once

#include "base/status.h"
#include "comm/group.h"
#include "trainer/trained_model.h"

namespace restem {

struct StepSums {
  StepLoss loss;           // of the whole step
  double grad_norm = 0.0;  // of all gradients
  bool stop = false;       // a rank wants to stop
};

// `own` is what this rank has computed, `gradients` the gradients to `slices`. All ranks get the
// same bits; `group` may be null.
absl::StatusOr<StepSums> SumOverRanks(const StepSums& own,
                                      const std::vector<TrainedSlice>& slices,
                                      const std::vector<at::Tensor>& gradients,
                                      Group* group);

}  // namespace restem
