// Ranks that compute one model together, each with a part of every layer: some of the heads, some
// of the MLP's inner columns, some of the vocabulary (tensor parallelism, arXiv 1909.08053). What
// goes from layer to layer each has in full.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace restem {

// The ranks as one thread sees them. All of them call the same functions in the same order. A call
// throws where a rank is lost; from then on every call does.
class ModelParts {
 public:
  virtual ~ModelParts() = default;

  virtual int64_t rank() const = 0;
  virtual int64_t size() const = 0;
  // `tensor` becomes the sum of all ranks', the same bits for each. float32, contiguous; here and
  // below on any device that all ranks' tensors are on.
  virtual void sum(const at::Tensor& tensor) = 0;
  // `tensor` becomes the first rank's. Contiguous.
  virtual void broadcast(const at::Tensor& tensor) = 0;
  // `whole` [size, ...] becomes the `part` [...] of all, rank after rank. Both contiguous.
  virtual void gather(const at::Tensor& whole, const at::Tensor& part) = 0;
};

// Σ of all ranks' x, in float32 whatever x is in. Its gradient is that of each x.
at::Tensor SumOfParts(ModelParts& parts, const at::Tensor& x);

// x, which all ranks have alike and each goes on with in its own part: the gradients that come back
// from these are added up.
at::Tensor IntoParts(ModelParts& parts, const at::Tensor& x);

}  // namespace restem
