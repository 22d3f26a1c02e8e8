// How far the log-probs that sampling recorded are from those that training computes.
#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"
#include "loop/run.h"

namespace restem {

struct LogprobDifference {
  double largest = 0.0;
  double mean = 0.0;
  int64_t tokens = 0;  // that were compared
  int64_t samples = 0;
};

// Scores some of the `total` samples in `path` again, spread evenly over the file, with the
// trainer's forward pass over the weights in `model_dir`, which drew them. With `deterministic:
// true` the difference is 0, if they were drawn on the CPU.
absl::StatusOr<LogprobDifference> MeasureLogprobDifference(const Run& run,
                                                           const std::string& path,
                                                           int64_t total,
                                                           const std::string& model_dir);

}  // namespace restem
