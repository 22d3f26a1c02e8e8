#include <cublasLt.h>
#include <cuda_runtime.h>

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>
#include <type_traits>

#include "kernels/matrix_product.h"

namespace restem::kernels::cuda {
namespace {

constexpr int kMaxDevices = 64;

CudaError NameOf(cublasStatus_t status) {
  return status == CUBLAS_STATUS_SUCCESS ? nullptr : cublasLtGetStatusName(status);
}

// The current device's handle. Handles live until the process ends: destroying them while CUDA
// shuts down is an error.
CudaError GetHandle(cublasLtHandle_t& handle) {
  static std::mutex mutex;
  static std::array<cublasLtHandle_t, kMaxDevices> handles = {};
  int device = 0;
  const cudaError_t error = cudaGetDevice(&device);
  if (error != cudaSuccess) return cudaGetErrorName(error);
  if (device >= kMaxDevices) return "cudaErrorInvalidDevice";
  const std::lock_guard lock(mutex);
  cublasStatus_t status = CUBLAS_STATUS_SUCCESS;
  if (handles[device] == nullptr) status = cublasLtCreate(&handles[device]);
  handle = handles[device];
  return NameOf(status);
}

struct Destroy {
  void operator()(cublasLtMatmulDesc_t x) const { cublasLtMatmulDescDestroy(x); }
  void operator()(cublasLtMatrixLayout_t x) const { cublasLtMatrixLayoutDestroy(x); }
  void operator()(cublasLtMatmulPreference_t x) const { cublasLtMatmulPreferenceDestroy(x); }
};
template <typename Pointer>
using Owned = std::unique_ptr<std::remove_pointer_t<Pointer>, Destroy>;

cudaDataType_t TypeOf(Precision precision) {
  return precision == Precision::kFloat32 ? CUDA_R_32F : CUDA_R_16BF;
}

// To cuBLASLt a row-major matrix is its transpose in column-major order.
template <typename Pointer>
Owned<cublasLtMatrixLayout_t> LayoutOf(const Matrix<Pointer>& matrix) {
  cublasLtMatrixLayout_t layout = nullptr;
  cublasLtMatrixLayoutCreate(&layout,
                             TypeOf(matrix.precision),
                             static_cast<uint64_t>(matrix.columns),
                             static_cast<uint64_t>(matrix.rows),
                             matrix.stride);
  return Owned<cublasLtMatrixLayout_t>(layout);
}

Owned<cublasLtMatmulDesc_t> Operation(bool first_transposed, bool second_transposed) {
  cublasLtMatmulDesc_t operation = nullptr;
  cublasLtMatmulDescCreate(&operation, CUBLAS_COMPUTE_32F, CUDA_R_32F);
  const auto set = [&](cublasLtMatmulDescAttributes_t side, bool transposed) {
    const cublasOperation_t value = transposed ? CUBLAS_OP_T : CUBLAS_OP_N;
    cublasLtMatmulDescSetAttribute(operation, side, &value, sizeof(value));
  };
  set(CUBLASLT_MATMUL_DESC_TRANSA, first_transposed);
  set(CUBLASLT_MATMUL_DESC_TRANSB, second_transposed);
  return Owned<cublasLtMatmulDesc_t>(operation);
}

// The largest power of two up to 256 that divides the address: rows of odd matrices begin anywhere.
uint32_t AlignmentOf(const void* data) {
  const auto address = reinterpret_cast<uintptr_t>(data);
  return static_cast<uint32_t>(std::min<uintptr_t>(256, address & (~address + 1)));
}

Owned<cublasLtMatmulPreference_t> Preference(const void* first,
                                             const void* second,
                                             const void* out,
                                             int64_t workspace_bytes) {
  cublasLtMatmulPreference_t preference = nullptr;
  cublasLtMatmulPreferenceCreate(&preference);
  const auto set = [&](cublasLtMatmulPreferenceAttributes_t attribute, auto value) {
    cublasLtMatmulPreferenceSetAttribute(preference, attribute, &value, sizeof(value));
  };
  set(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, static_cast<uint64_t>(workspace_bytes));
  set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, AlignmentOf(first));
  set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, AlignmentOf(second));
  set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, AlignmentOf(out));
  set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, AlignmentOf(out));
  // Parts of a split sum are added in float32 and in order, or there are no parts.
  set(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
      uint32_t{CUBLASLT_REDUCTION_SCHEME_NONE | CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE});
  return Owned<cublasLtMatmulPreference_t>(preference);
}

}  // namespace

// outᵀ = bᵀ·aᵀ: b comes first there, and each is the transpose of itself already.
CudaError Multiply(const Factor& a,
                   const Factor& b,
                   float keep,
                   const Matrix<void*>& out,
                   const Workspace& workspace,
                   CudaStream stream) {
  if (out.rows == 0 || out.columns == 0) return nullptr;
  cublasLtHandle_t handle = nullptr;
  if (const CudaError error = GetHandle(handle)) return error;
  const auto operation = Operation(b.transposed, a.transposed);
  const auto first = LayoutOf(b);
  const auto second = LayoutOf(a);
  const auto result = LayoutOf(out);
  const auto preference = Preference(b.data, a.data, out.data, workspace.bytes);
  cublasLtMatmulHeuristicResult_t found = {};
  int count = 0;
  const cublasStatus_t status = cublasLtMatmulAlgoGetHeuristic(handle,
                                                               operation.get(),
                                                               first.get(),
                                                               second.get(),
                                                               result.get(),
                                                               result.get(),
                                                               preference.get(),
                                                               /*requestedAlgoCount=*/1,
                                                               &found,
                                                               &count);
  if (status != CUBLAS_STATUS_SUCCESS) return NameOf(status);
  if (count == 0) return NameOf(CUBLAS_STATUS_NOT_SUPPORTED);
  const float one = 1.0F;
  return NameOf(cublasLtMatmul(handle,
                               operation.get(),
                               &one,
                               b.data,
                               first.get(),
                               a.data,
                               second.get(),
                               &keep,
                               out.data,
                               result.get(),
                               out.data,
                               result.get(),
                               &found.algo,
                               workspace.data,
                               static_cast<size_t>(workspace.bytes),
                               stream));
}

}  // namespace restem::kernels::cuda
