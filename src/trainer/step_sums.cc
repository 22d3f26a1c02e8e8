#include "trainer/step_sums.h"

#include <ATen/ops/dot.h>

#include <array>
#include <cmath>

namespace restem {
namespace {

double SumOfSquares(const at::Tensor& gradient) {
  const at::Tensor flat = gradient.view({-1});
  return at::dot(flat, flat).item<float>();
}

}  // namespace

absl::StatusOr<StepSums> SumOverRanks(const StepSums& own,
                                      const std::vector<TrainedSlice>& slices,
                                      const std::vector<at::Tensor>& gradients,
                                      Group* group) {
  double squares = 0.0;
  for (size_t i = 0; i < slices.size(); ++i) {
    if (slices[i].counts) squares += SumOfSquares(gradients[i]);
  }
  std::array<double, 5> sums = {own.loss.loss,
                                own.loss.entropy,
                                static_cast<double>(own.loss.tokens),
                                squares,
                                own.stop ? 1.0 : 0.0};
  if (group != nullptr) RESTEM_RETURN_IF_ERROR(group->sum(sums));
  return StepSums{
      {sums[0], sums[1], static_cast<int64_t>(sums[2])}, std::sqrt(sums[3]), sums[4] > 0.0};
}

}  // namespace restem
