// A weight matrix in the forms that products take it in.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <utility>

#include "kernels/packed_product.h"

namespace restem {

// A copy of a matrix, laid out for products with few rows; immutable.
class PackedMatrix {
 public:
  explicit PackedMatrix(const at::Tensor& dense);  // [out, in] float32 or bfloat16

  const kernels::PackedWeightView& view() const { return view_; }
  at::Tensor product(const at::Tensor& x,            // [rows, in] float32
                     const at::Tensor& bias) const;  // [out] or undefined; returns [rows, out]

 private:
  at::Tensor panels_;  // as kernels/packed_product.h lays them out
  kernels::PackedWeightView view_;
};

// A matrix with a packed form is multiplied in that form: its products have the same bits whatever
// the number of rows. Gradients need the dense one, too.
struct Matrix {
  at::Tensor dense;                            // [out, in] float32 or bfloat16
  std::shared_ptr<const PackedMatrix> packed;  // of the same values, or null

  Matrix() = default;
  Matrix(at::Tensor tensor,  // NOLINT(google-explicit-constructor): a tensor is a matrix
         std::shared_ptr<const PackedMatrix> packed_form = nullptr)
      : dense(std::move(tensor)), packed(std::move(packed_form)) {}
};

}  // namespace restem
