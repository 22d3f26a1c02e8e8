// What is trained on, in which order.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <vector>

#include "base/status.h"
#include "data/types.h"
#include "model/config.h"
#include "trainer/options.h"

namespace restem {

// All optimizer steps in order, epoch after epoch, each shuffled by a stream of its own.
struct Plan {
  std::vector<std::vector<size_t>> steps;  // example indices
  std::set<int64_t> epoch_ends;            // how many steps have been taken when an epoch ends
};

// A pure function of its arguments, whatever the number of ranks and lanes.
Plan PlanSteps(std::span<const TrainingExample> examples,
               const TrainOptions& options,
               uint64_t seed,
               uint64_t iteration);

// Rows of one forward and backward, where `lanes`, of all ranks together, share a step.
int64_t MicroBatchTokens(const TrainOptions& options, int64_t lanes, at::Device device);

// An id beyond the embedding, or a position beyond the rotary table, would read foreign memory:
// InvalidInput naming the example.
absl::Status CheckExample(const TrainingExample& example, const ModelConfig& config);

}  // namespace restem
