// AdamW (arXiv 1711.05101) over float32 master weights, with clipping by the global gradient norm.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "base/status.h"
#include "trainer/options.h"

namespace restem {

class AdamW {
 public:
  // Moments start at zero. Weight decay applies to matrices only, not to norms and biases.
  AdamW(const std::vector<at::Tensor>& parameters, const TrainOptions& options, int64_t lanes);

  // Updates the parameters in place; `gradients` [parameter] float32 are scaled down in place to
  // max_grad_norm first. Returns the gradient norm before clipping; Failed, and nothing changed,
  // where it is not finite.
  absl::StatusOr<double> step(const std::vector<at::Tensor>& gradients, double learning_rate);

  // For checkpoints: first and second moments in parameter order, and how many steps were taken.
  std::vector<at::Tensor>& first_moments() { return first_; }
  std::vector<at::Tensor>& second_moments() { return second_; }
  int64_t steps() const { return steps_; }
  void set_steps(int64_t steps) { steps_ = steps; }

 private:
  void clip(const std::vector<at::Tensor>& gradients, double norm) const;

  const std::vector<at::Tensor> parameters_;
  const TrainOptions options_;
  const size_t lanes_;
  std::vector<at::Tensor> first_;
  std::vector<at::Tensor> second_;
  int64_t steps_ = 0;
};

}  // namespace restem
