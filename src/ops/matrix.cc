#include "ops/matrix.h"

#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>
#include <sys/mman.h>

#include <cstdint>

namespace restem {
namespace {

// In small pages, the system takes longer to hand memory out than it takes to fill it.
void AskForHugePages(const at::Tensor& tensor) {
  constexpr uintptr_t kHuge = uintptr_t{2} << 20U;
  const auto first = reinterpret_cast<uintptr_t>(tensor.const_data_ptr());
  const uintptr_t begin = (first + kHuge - 1) / kHuge * kHuge;
  const uintptr_t end = (first + tensor.nbytes()) / kHuge * kHuge;
  if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
}

}  // namespace

PackedMatrix::PackedMatrix(const at::Tensor& dense) {
  TORCH_CHECK(dense.dim() == 2 && dense.is_contiguous() && dense.is_cpu() &&
                  (dense.scalar_type() == at::kFloat || dense.scalar_type() == at::kBFloat16),
              "PackedMatrix: a contiguous float32 or bfloat16 matrix on the CPU is wanted");
  view_.out = dense.size(0);
  view_.in = dense.size(1);
  if (dense.scalar_type() == at::kBFloat16) view_.precision = kernels::Precision::kBfloat16;
  panels_ = at::empty({kernels::PackedWeightView::size(view_.precision, view_.out, view_.in)},
                      dense.options());
  view_.panels = panels_.mutable_data_ptr();
  AskForHugePages(panels_);
  if (view_.precision == kernels::Precision::kFloat32) {
    kernels::PackWeight(
        dense.const_data_ptr<float>(), view_.out, view_.in, panels_.mutable_data_ptr<float>());
  } else {
    kernels::PackWeight(static_cast<const uint16_t*>(dense.const_data_ptr()),
                        view_.out,
                        view_.in,
                        static_cast<uint16_t*>(panels_.mutable_data_ptr()));
  }
}

at::Tensor PackedMatrix::product(const at::Tensor& x, const at::Tensor& bias) const {
  TORCH_CHECK(x.dim() == 2 && x.size(1) == view_.in && x.is_contiguous() && x.is_cpu() &&
                  x.scalar_type() == at::kFloat,
              "PackedMatrix: x ",
              x.sizes(),
              " must be contiguous float32 and fit a matrix with ",
              view_.in,
              " inputs");
  at::Tensor y = at::empty({x.size(0), view_.out}, x.options());
  kernels::PackedProduct(view_,
                         x.const_data_ptr<float>(),
                         bias.defined() ? bias.const_data_ptr<float>() : nullptr,
                         x.size(0),
                         {.first = 0, .count = view_.out, .stride = view_.out},
                         y.mutable_data_ptr<float>());
  return y;
}

}  // namespace restem
