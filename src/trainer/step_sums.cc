#include "trainer/step_sums.h"

#include <ATen/ops/dot.h>
#include <ATen/ops/stack.h>

#include <array>
#include <cmath>
#include <map>

namespace restem {
namespace {

// Of each in float32, of all in float64. A GPU is waited for once.
double SumOfSquares(const std::vector<TrainedSlice>& slices,
                    const std::vector<at::Tensor>& gradients) {
  std::map<c10::DeviceType, std::vector<at::Tensor>> squares;
  for (size_t i = 0; i < slices.size(); ++i) {
    if (!slices[i].counts) continue;
    const at::Tensor flat = gradients[i].view({-1});
    squares[flat.device().type()].push_back(at::dot(flat, flat));
  }
  double sum = 0.0;
  for (const auto& [device, terms] : squares) {
    const at::Tensor on_host = at::stack(terms).to(at::kCPU, at::kDouble);
    const auto* term = on_host.const_data_ptr<double>();
    for (size_t i = 0; i < terms.size(); ++i) sum += term[i];
  }
  return sum;
}

}  // namespace

absl::StatusOr<StepSums> SumOverRanks(const StepSums& own,
                                      const std::vector<TrainedSlice>& slices,
                                      const std::vector<at::Tensor>& gradients,
                                      Group* group) {
  std::array<double, 5> sums = {own.loss.loss,
                                own.loss.entropy,
                                static_cast<double>(own.loss.tokens),
                                SumOfSquares(slices, gradients),
                                own.stop ? 1.0 : 0.0};
  if (group != nullptr) RESTEM_RETURN_IF_ERROR(group->sum(sums));
  return StepSums{
      {sums[0], sums[1], static_cast<int64_t>(sums[2])}, std::sqrt(sums[3]), sums[4] > 0.0};
}

}  // namespace restem
