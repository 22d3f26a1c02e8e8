#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "kernels/rope.h"
#include "ops/elementwise_device.h"

namespace restem {
namespace {

void Check(kernels::CudaError error, const char* what) {
  TORCH_CHECK(error == nullptr, what, " failed with ", error);
}

kernels::Precision PrecisionOf(const at::Tensor& x) {
  return x.scalar_type() == at::kFloat ? kernels::Precision::kFloat32
                                       : kernels::Precision::kBfloat16;
}

const void* DataOf(const at::Tensor& x) { return x.defined() ? x.const_data_ptr() : nullptr; }

void* Place(const at::Tensor& x) { return x.defined() ? x.mutable_data_ptr() : nullptr; }

}  // namespace

void GluForwardOnCuda(kernels::Activation activation,
                      const at::Tensor& gate,
                      const at::Tensor& up,
                      const at::Tensor& y) {
  const c10::cuda::CUDAGuard device(gate.device());
  Check(kernels::cuda::GluForward(activation,
                                  PrecisionOf(gate),
                                  gate.numel(),
                                  DataOf(gate),
                                  DataOf(up),
                                  Place(y),
                                  c10::cuda::getCurrentCUDAStream()),
        "Glu");
}

void GluBackwardOnCuda(kernels::Activation activation,
                       const at::Tensor& dy,
                       const at::Tensor& gate,
                       const at::Tensor& up,
                       const at::Tensor& dgate,
                       const at::Tensor& dup) {
  const c10::cuda::CUDAGuard device(gate.device());
  Check(kernels::cuda::GluBackward(activation,
                                   PrecisionOf(gate),
                                   gate.numel(),
                                   DataOf(dy),
                                   DataOf(gate),
                                   DataOf(up),
                                   Place(dgate),
                                   Place(dup),
                                   c10::cuda::getCurrentCUDAStream()),
        "Glu's gradient");
}

void RopeOnCuda(const RopeOperands& operands, const at::Tensor& x, const at::Tensor& y) {
  const c10::cuda::CUDAGuard device(x.device());
  const kernels::cuda::RopeInput input = {x.size(0),
                                          x.size(1),
                                          x.size(2),
                                          2 * operands.cosines.size(1),
                                          operands.positions.const_data_ptr<int32_t>(),
                                          operands.cosines.const_data_ptr<float>(),
                                          operands.sines.const_data_ptr<float>(),
                                          operands.direction,
                                          PrecisionOf(x)};
  Check(kernels::cuda::Rope(
            input, x.const_data_ptr(), y.mutable_data_ptr(), c10::cuda::getCurrentCUDAStream()),
        "Rope");
}

}  // namespace restem
