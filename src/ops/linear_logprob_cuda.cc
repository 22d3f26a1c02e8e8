#include <ATen/ops/empty.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "kernels/linear_logprob.h"
#include "ops/linear_logprob_device.h"

namespace restem {
namespace {

// Logits that the forward with gradient holds, bytes: 8,000 rows of a vocabulary of 128,256 in
// bfloat16. Each chunk adds to the whole of dweight, so there should be few.
constexpr int64_t kGradientBytes = int64_t{2} << 30;

void Check(kernels::CudaError error, const char* what) {
  TORCH_CHECK(error == nullptr, "LinearLogprob: ", what, " failed with ", error);
}

// `hidden` is in the weight's precision; the caller keeps the tensors alive.
kernels::cuda::LinearLogprobInput InputOf(const LogprobOperands& operands,
                                          const at::Tensor& hidden) {
  const at::Tensor& weight = operands.weight;
  return {weight.scalar_type() == at::kFloat ? kernels::Precision::kFloat32
                                             : kernels::Precision::kBfloat16,
          hidden.size(0),
          hidden.size(1),
          weight.size(0),
          hidden.const_data_ptr(),
          weight.const_data_ptr(),
          operands.targets.const_data_ptr<int32_t>(),
          operands.transform};
}

kernels::RowResults PointersTo(LinearLogprobResult& scores) {
  return {scores.logp.mutable_data_ptr<float>(),
          scores.lse.mutable_data_ptr<float>(),
          scores.entropy.mutable_data_ptr<float>()};
}

// LibTorch's allocator aligns to 512 bytes and keeps the memory for this stream's later work.
at::Tensor Room(int64_t bytes, const at::Tensor& like) {
  return at::empty({bytes}, like.options().dtype(at::kByte));
}

kernels::cuda::Workspace WorkspaceIn(at::Tensor& room) {
  return {room.mutable_data_ptr(), room.numel()};
}

}  // namespace

LinearLogprobResult ScoresOnCuda(const LogprobOperands& operands) {
  const c10::cuda::CUDAGuard device(operands.hidden.device());
  const at::Tensor hidden = operands.hidden.to(operands.weight.scalar_type());
  LinearLogprobResult scores = EmptyScores(hidden.size(0), hidden);
  const auto input = InputOf(operands, hidden);
  const auto plan = kernels::cuda::PlanScores(input);
  at::Tensor room = Room(plan.workspace_bytes(), hidden);
  Check(kernels::cuda::LinearLogprob(
            input, plan, PointersTo(scores), WorkspaceIn(room), c10::cuda::getCurrentCUDAStream()),
        "scoring");
  return scores;
}

NllWithGradient NllOnCuda(const LogprobOperands& operands, const NllLossOperands& loss) {
  const c10::cuda::CUDAGuard device(operands.hidden.device());
  const at::Tensor hidden = operands.hidden.to(operands.weight.scalar_type());
  const auto float32 = hidden.options().dtype(at::kFloat);
  NllWithGradient result = {
      EmptyScores(hidden.size(0), hidden),
      at::empty(hidden.sizes(), float32),
      loss.dweight_sum.defined() ? loss.dweight_sum : at::empty(operands.weight.sizes(), float32)};
  const auto input = InputOf(operands, hidden);
  const auto plan = kernels::cuda::PlanGradient(
      input, operands.logits_bytes == 0 ? kGradientBytes : operands.logits_bytes);
  at::Tensor room = Room(plan.workspace_bytes(), hidden);
  const kernels::cuda::LinearLogprobGradient gradient = {loss.row_weights.const_data_ptr<float>(),
                                                         static_cast<float>(loss.z_loss),
                                                         result.dhidden.mutable_data_ptr<float>(),
                                                         result.dweight.mutable_data_ptr<float>(),
                                                         loss.dweight_sum.defined()};
  Check(kernels::cuda::LinearLogprobWithGradient(input,
                                                 plan,
                                                 PointersTo(result.scores),
                                                 gradient,
                                                 WorkspaceIn(room),
                                                 c10::cuda::getCurrentCUDAStream()),
        "scoring with gradient");
  return result;
}

}  // namespace restem
