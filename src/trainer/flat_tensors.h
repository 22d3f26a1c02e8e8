// Several tensors as views of one.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace restem {

// Elements of a flat tensor that holds tensors of these shapes, each at a multiple of 64 bytes of
// float32.
using Shapes = std::vector<std::vector<int64_t>>;
int64_t FlatSize(const Shapes& shapes);

// Views of `flat` [FlatSize(shapes)], one of each shape.
std::vector<at::Tensor> FlatViews(const at::Tensor& flat, const Shapes& shapes);

// A copy in the host's memory.
at::Tensor CopyOnHost(const at::Tensor& tensor);

}  // namespace restem
