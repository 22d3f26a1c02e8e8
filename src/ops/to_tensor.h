// Host arrays as tensors.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cstdint>
#include <span>

namespace restem {

// A copy of `values` [n] in their own dtype, filled up with zeros to `at_least` elements.
template <typename T>
at::Tensor ToTensor(std::span<const T> values, int64_t at_least = 0, at::Device device = at::kCPU) {
  const int64_t size = std::max(at_least, static_cast<int64_t>(values.size()));
  at::Tensor tensor = at::zeros({size}, c10::CppTypeToScalarType<T>::value);
  std::copy(values.begin(), values.end(), tensor.template mutable_data_ptr<T>());
  return tensor.to(device);
}

}  // namespace restem
