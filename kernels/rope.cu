#include "kernels/device.cuh"
#include "kernels/rope.h"

namespace restem::kernels::cuda {
namespace {

using namespace device;

constexpr int kThreads = 256;

// A thread for each pair of a head, and for each element behind the pairs.
template <typename T>
__global__ void __launch_bounds__(kThreads) RopeKernel(RopeInput input, const T* x, T* y) {
  const int64_t pairs = input.rotary_dim / 2;
  const int64_t of_head = input.head_dim - pairs;
  const int64_t item = int64_t{blockIdx.x} * kThreads + threadIdx.x;
  const int64_t head = item / of_head;  // of all rows
  if (head >= input.rows * input.heads) return;
  const int64_t i = item % of_head;
  const int64_t first = head * input.head_dim + i;
  if (i >= pairs) {
    y[first + pairs] = x[first + pairs];
    return;
  }
  const int64_t angle = int64_t{input.positions[head / input.heads]} * pairs + i;
  const RopePair turned = Turned({ToFloat(x[first]), ToFloat(x[first + pairs])},
                                 input.cosines[angle],
                                 input.direction * input.sines[angle]);
  FromFloat(turned.first, y[first]);
  FromFloat(turned.second, y[first + pairs]);
}

}  // namespace

CudaError Rope(const RopeInput& input, const void* x, void* y, CudaStream stream) {
  if (input.rotary_dim % 2 != 0 || input.rotary_dim > input.head_dim) return kNotSupported;
  const int64_t items = input.rows * input.heads * (input.head_dim - input.rotary_dim / 2);
  return ForPrecision(input.precision, [&](auto element) {
    using T = decltype(element);
    return Launch(ThreadPer(items, kThreads),
                  stream,
                  RopeKernel<T>,
                  input,
                  static_cast<const T*>(x),
                  static_cast<T*>(y));
  });
}

}  // namespace restem::kernels::cuda
