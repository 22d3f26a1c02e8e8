// AdamW (arXiv 1711.05101) over float32 master weights, with clipping by the global gradient norm.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "trainer/options.h"
#include "trainer/trained_model.h"

namespace restem {

class AdamW {
 public:
  // Moments start at zero. Weight decay applies to matrices only, not to norms and biases.
  AdamW(const std::vector<TrainedSlice>& slices, const TrainOptions& options, int64_t lanes);

  // Updates the slices in place. `gradients` [slice] float32 are scaled down in place to
  // max_grad_norm first; `norm` is theirs, of all ranks together, and finite.
  void step(const std::vector<at::Tensor>& gradients, double norm, double learning_rate);

  // For checkpoints: first and second moments in the order of slices, and how many steps were
  // taken.
  std::vector<at::Tensor>& first_moments() { return first_; }
  std::vector<at::Tensor>& second_moments() { return second_; }
  int64_t steps() const { return steps_; }
  void set_steps(int64_t steps) { steps_ = steps; }

 private:
  void clip(const std::vector<at::Tensor>& gradients, double norm) const;

  const std::vector<TrainedSlice> slices_;
  const TrainOptions options_;
  const size_t lanes_;
  std::vector<at::Tensor> first_;
  std::vector<at::Tensor> second_;
  int64_t steps_ = 0;
};

}  // namespace restem
