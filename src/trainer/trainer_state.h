// Everything that training needs to go on where it stopped, in one file that is written atomically.
#pragma once

#include <string>

#include "base/status.h"
#include "model/decoder.h"
#include "trainer/optimizer.h"

namespace restem {

struct TrainerState {
  int64_t step = 0;  // optimizer steps taken
  int64_t best_step = 0;
  double best_score = 0.0;  // meaningful if has_best
  bool has_best = false;
  int64_t misses = 0;          // validations since the best one
  int64_t validated_step = 0;  // the last step whose weights were validated
  bool stopped_early = false;
  double last_loss = 0.0;
  Weights master;  // float32
  Weights best;    // float32; meaningful if has_best
};

// `optimizer`'s moments are saved and restored along.
absl::Status SaveTrainerState(const std::string& dir,
                              const ModelConfig& config,
                              const TrainerState& state,
                              AdamW& optimizer);

// Fills `state` and `optimizer` in place. False where `dir` holds no state.
absl::StatusOr<bool> LoadTrainerState(const std::string& dir,
                                      const ModelConfig& config,
                                      TrainerState& state,
                                      AdamW& optimizer);

}  // namespace restem
