#include "trainer/flat_tensors.h"

namespace restem {
namespace {

int64_t Padded(int64_t elements) {
  constexpr int64_t kAlignment = 16;  // elements
  return (elements + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace

int64_t FlatSize(const std::vector<at::Tensor>& shapes) {
  int64_t size = 0;
  for (const at::Tensor& shape : shapes) size += Padded(shape.numel());
  return size;
}

std::vector<at::Tensor> FlatViews(const at::Tensor& flat, const std::vector<at::Tensor>& shapes) {
  std::vector<at::Tensor> views;
  int64_t begin = 0;
  for (const at::Tensor& shape : shapes) {
    views.push_back(flat.narrow(0, begin, shape.numel()).view(shape.sizes()));
    begin += Padded(shape.numel());
  }
  return views;
}

}  // namespace restem
