#include "trainer/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace restem {

double LearningRate(const TrainOptions& options, int64_t step, int64_t total_steps) {
  const int64_t warmup = std::min(options.warmup_steps, total_steps);
  if (step < warmup)
    return options.learning_rate * static_cast<double>(step + 1) / static_cast<double>(warmup + 1);
  const auto left = static_cast<double>(std::max<int64_t>(1, total_steps - warmup));
  const double progress = std::min(1.0, static_cast<double>(step - warmup) / left);
  if (options.lr_scheduler_type == "cosine") {
    return options.learning_rate * 0.5 * (1.0 + std::cos(std::numbers::pi * progress));
  }
  if (options.lr_scheduler_type == "linear") return options.learning_rate * (1.0 - progress);
  return options.learning_rate;
}

}  // namespace restem
