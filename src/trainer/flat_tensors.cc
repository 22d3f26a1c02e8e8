#include "trainer/flat_tensors.h"

#include <c10/util/accumulate.h>

namespace restem {
namespace {

int64_t Padded(int64_t elements) {
  constexpr int64_t kAlignment = 16;  // elements
  return (elements + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace

int64_t FlatSize(const Shapes& shapes) {
  int64_t size = 0;
  for (const auto& shape : shapes) size += Padded(c10::multiply_integers(shape));
  return size;
}

std::vector<at::Tensor> FlatViews(const at::Tensor& flat, const Shapes& shapes) {
  std::vector<at::Tensor> views;
  int64_t begin = 0;
  for (const auto& shape : shapes) {
    const int64_t count = c10::multiply_integers(shape);
    views.push_back(flat.narrow(0, begin, count).view(shape));
    begin += Padded(count);
  }
  return views;
}

at::Tensor CopyOnHost(const at::Tensor& tensor) {
  return tensor.to(at::kCPU, tensor.scalar_type(), /*non_blocking=*/false, /*copy=*/true);
}

}  // namespace restem
