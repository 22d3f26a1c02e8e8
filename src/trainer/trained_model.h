// A model under training, as one process holds it: replicated (trainer/replicated_model.h) or
// shared out among the ranks of a group (trainer/sharded_model.h).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "data/packing.h"
#include "model/decoder.h"
#include "trainer/parameter_run.h"
#include "trainer/step_loss.h"

namespace restem {

// A run that this process updates.
struct TrainedSlice {
  ParameterRun run;
  at::Tensor values;      // float32, contiguous
  bool is_matrix = true;  // of a matrix; otherwise of a norm or bias
  bool counts = true;     // of the ranks that hold it, one counts and saves it
};

class TrainedModel {
 public:
  virtual ~TrainedModel() = default;

  // All ranks' together are the trained parameters.
  virtual const std::vector<TrainedSlice>& slices() const = 0;

  // After this, gradients() hold d loss / d slice of the whole step, whose micro-batches `batches`
  // are; each rank computes its share of them. A loss that is not finite is returned as it is.
  // `step` keys dropout.
  virtual absl::StatusOr<StepLoss> compute(std::span<const PackedBatch> batches, int64_t step) = 0;

  // [slice] float32, in the order of slices(); valid until the next compute().
  virtual const std::vector<at::Tensor>& gradients() const = 0;

  // Called after the slices have changed: what is computed with follows them.
  virtual void refresh() = 0;

  // The model to compute with, in the host's memory, on the group's first rank; without weights on
  // the others. All ranks call it.
  virtual absl::StatusOr<Model> whole() = 0;
};

}  // namespace restem
