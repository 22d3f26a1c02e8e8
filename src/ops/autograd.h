// The few things that the rest of restem needs of LibTorch's autograd. Its headers are included in
// `ops` only.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace restem {

// A leaf that shares `tensor`'s storage and collects a gradient of its own in .grad(). Several
// leaves of one tensor let several threads run forward and backward at once. What is written into
// `tensor` between forward and backward goes unnoticed.
at::Tensor MakeLeaf(const at::Tensor& tensor);

// Adds d loss / d leaf to the .grad() of every leaf below. `loss` is a scalar.
void Backward(const at::Tensor& loss);

// The same of a loss that is known by its gradient to `output`, of output's shape.
void BackwardFrom(const at::Tensor& output, const at::Tensor& gradient);

// d loss / d x for each x, without touching any .grad().
std::vector<at::Tensor> GradientsOf(const at::Tensor& loss, const std::vector<at::Tensor>& inputs);

// Whether an op must record a backward for these inputs.
bool RecordsGradient(const at::Tensor& a);
bool RecordsGradient(const at::Tensor& a, const at::Tensor& b);

}  // namespace restem
