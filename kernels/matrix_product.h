// Matrix products on a GPU. No kernel of ours: cuBLASLt does them, and this is the one place that
// knows of its column-major world. Tests on the CPU run it against a stand-in for cuBLASLt.
#pragma once

#include <cstdint>

#include "kernels/cuda_types.h"

namespace restem::kernels::cuda {

// A row-major matrix in the GPU's memory.
template <typename Pointer>
struct Matrix {
  Pointer data = nullptr;
  Precision precision = Precision::kFloat32;
  int64_t rows = 0;
  int64_t columns = 0;
  int64_t stride = 0;  // elements from a row to the next
};

// A factor, as it lies in memory or transposed.
struct Factor : Matrix<const void*> {
  bool transposed = false;
};

// What cuBLASLt asks for on Hopper; with less it runs, perhaps slower.
inline constexpr int64_t kProductWorkspaceBytes = int64_t{32} << 20;

// out = a·b + keep·out, keep 0 or 1; the factors in one precision, sums in float32 (never TF32), in
// an order that depends on shapes, alignment and device only.
CudaError Multiply(const Factor& a,
                   const Factor& b,
                   float keep,
                   const Matrix<void*>& out,
                   const Workspace& workspace,
                   CudaStream stream);

}  // namespace restem::kernels::cuda
