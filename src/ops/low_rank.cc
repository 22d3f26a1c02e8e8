#include "ops/low_rank.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mul.h>

namespace restem {
namespace {

// 0 where an element is left out, else 1 / (1 − p).
at::Tensor DropoutMask(const at::Tensor& x, const LowRank& low_rank) {
  at::Tensor mask = at::empty(x.sizes(), at::kFloat);
  auto* values = mask.mutable_data_ptr<float>();
  const auto kept = static_cast<float>(1.0 / (1.0 - low_rank.dropout));
  const double threshold = low_rank.dropout * 0x1p32;
  for (int64_t i = 0; i < mask.numel(); i += 4) {
    const auto words = low_rank.stream->at(static_cast<uint64_t>(i / 4));
    for (int64_t j = 0; j < 4 && i + j < mask.numel(); ++j)
      values[i + j] = words[static_cast<size_t>(j)] < threshold ? 0.0F : kept;
  }
  return mask.to(x.device());
}

}  // namespace

at::Tensor LowRankProduct(const at::Tensor& x, const LowRank& low_rank) {
  const bool drops = low_rank.dropout > 0.0 && low_rank.stream.has_value();
  const at::Tensor known = x.to(at::kFloat);
  const at::Tensor input = drops ? at::mul(known, DropoutMask(known, low_rank)) : known;
  return at::mul(at::linear(at::linear(input, low_rank.a), low_rank.b), low_rank.scale);
}

at::Tensor Merged(const at::Tensor& dense, const LowRank& low_rank) {
  if (!low_rank.a.defined()) return dense;
  const at::NoGradGuard no_gradient;
  return at::addmm(dense.to(at::kFloat), low_rank.b, low_rank.a, /*beta=*/1, low_rank.scale)
      .to(dense.scalar_type());
}

}  // namespace restem
