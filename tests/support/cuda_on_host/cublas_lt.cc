#include <cstring>

#include "cublasLt.h"
#include "cuda_bf16.h"
#include "streams.h"

namespace {

using Layout = cublasLtMatrixLayoutOpaque_t;

size_t BytesOf(cudaDataType_t type) { return type == CUDA_R_32F ? 4 : 2; }

double At(const void* data, const Layout& layout, uint64_t row, uint64_t column) {
  const size_t index = row + column * static_cast<size_t>(layout.stride);
  const auto* at = static_cast<const unsigned char*>(data) + index * BytesOf(layout.type);
  if (layout.type == CUDA_R_32F) {
    float x = 0.0F;
    std::memcpy(&x, at, sizeof(x));
    return x;
  }
  __nv_bfloat16 x = {};
  std::memcpy(&x, at, sizeof(x));
  return __bfloat162float(x);
}

void Put(double value, void* data, const Layout& layout, uint64_t row, uint64_t column) {
  const size_t index = row + column * static_cast<size_t>(layout.stride);
  auto* at = static_cast<unsigned char*>(data) + index * BytesOf(layout.type);
  const auto narrow = static_cast<float>(value);
  if (layout.type == CUDA_R_32F) {
    std::memcpy(at, &narrow, sizeof(narrow));
  } else {
    const __nv_bfloat16 x = __float2bfloat16(narrow);
    std::memcpy(at, &x, sizeof(x));
  }
}

// A factor as its operation turns it.
struct Operand {
  const void* data;
  const Layout& layout;
  bool transposed;

  uint64_t rows() const { return transposed ? layout.columns : layout.rows; }
  uint64_t columns() const { return transposed ? layout.rows : layout.columns; }
  double at(uint64_t row, uint64_t column) const {
    return transposed ? At(data, layout, column, row) : At(data, layout, row, column);
  }
};

bool Aligned(const void* data, uint32_t bytes) {
  return reinterpret_cast<uintptr_t>(data) % bytes == 0;
}

bool Fits(const Operand& first, const Operand& second, const Layout& in, const Layout& out) {
  return first.rows() == out.rows && second.columns() == out.columns &&
         first.columns() == second.rows() && first.layout.type == second.layout.type &&
         in.type == out.type && in.rows == out.rows && in.columns == out.columns &&
         (out.type == CUDA_R_32F || out.type == first.layout.type);
}

// A product as it was asked for: the caller's descriptions may be gone when it is done.
struct Product {
  const void* first_data;
  const void* second_data;
  const void* in_data;
  void* out_data;
  Layout first, second, in, out;
  bool first_transposed, second_transposed;
  double scale, keep;

  void run() const {
    const Operand a = {first_data, first, first_transposed};
    const Operand b = {second_data, second, second_transposed};
    for (uint64_t column = 0; column < out.columns; ++column) {
      for (uint64_t row = 0; row < out.rows; ++row) {
        double sum = 0.0;
        for (uint64_t k = 0; k < a.columns(); ++k) sum += a.at(row, k) * b.at(k, column);
        // As in BLAS, what is not kept is not read.
        const double kept = keep == 0.0 ? 0.0 : keep * At(in_data, in, row, column);
        Put(scale * sum + kept, out_data, out, row, column);
      }
    }
  }
};

}  // namespace

const char* cublasLtGetStatusName(cublasStatus_t status) {
  switch (status) {
    case CUBLAS_STATUS_SUCCESS:
      return "CUBLAS_STATUS_SUCCESS";
    case CUBLAS_STATUS_INVALID_VALUE:
      return "CUBLAS_STATUS_INVALID_VALUE";
    case CUBLAS_STATUS_NOT_SUPPORTED:
      return "CUBLAS_STATUS_NOT_SUPPORTED";
  }
  return "CUBLAS_STATUS_UNKNOWN";
}

cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
  static char context;
  *handle = reinterpret_cast<cublasLtHandle_t>(&context);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* operation,
                                        cublasComputeType_t,
                                        cudaDataType_t) {
  *operation = new cublasLtMatmulDescOpaque_t;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t operation) {
  delete operation;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t operation,
                                              cublasLtMatmulDescAttributes_t attribute,
                                              const void* value,
                                              size_t bytes) {
  auto& side = attribute == CUBLASLT_MATMUL_DESC_TRANSA ? operation->first : operation->second;
  if (bytes != sizeof(side)) return CUBLAS_STATUS_INVALID_VALUE;
  std::memcpy(&side, value, bytes);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* layout,
                                          cudaDataType_t type,
                                          uint64_t rows,
                                          uint64_t columns,
                                          int64_t stride) {
  *layout = new Layout{type, rows, columns, stride};
  return static_cast<uint64_t>(stride) >= rows ? CUBLAS_STATUS_SUCCESS
                                               : CUBLAS_STATUS_INVALID_VALUE;
}

cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout) {
  delete layout;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* preference) {
  *preference = new cublasLtMatmulPreferenceOpaque_t;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference) {
  delete preference;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t preference,
                                                    cublasLtMatmulPreferenceAttributes_t attribute,
                                                    const void* value,
                                                    size_t bytes) {
  const auto set = [&](auto& field) {
    if (bytes != sizeof(field)) return CUBLAS_STATUS_INVALID_VALUE;
    std::memcpy(&field, value, bytes);
    return CUBLAS_STATUS_SUCCESS;
  };
  uint32_t ignored = 0;
  switch (attribute) {
    case CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES:
      return set(preference->workspace_bytes);
    case CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK:
      return set(ignored);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES:
      return set(preference->alignment_first);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES:
      return set(preference->alignment_second);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES:
      return set(preference->alignment_in);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES:
      return set(preference->alignment_out);
  }
  return CUBLAS_STATUS_INVALID_VALUE;
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle,
                                              cublasLtMatmulDesc_t operation,
                                              cublasLtMatrixLayout_t first,
                                              cublasLtMatrixLayout_t second,
                                              cublasLtMatrixLayout_t in,
                                              cublasLtMatrixLayout_t out,
                                              cublasLtMatmulPreference_t preference,
                                              int requested,
                                              cublasLtMatmulHeuristicResult_t* results,
                                              int* found) {
  *found = 0;
  const Operand a = {nullptr, *first, operation->first == CUBLAS_OP_T};
  const Operand b = {nullptr, *second, operation->second == CUBLAS_OP_T};
  if (handle == nullptr || requested < 1 || !Fits(a, b, *in, *out))
    return CUBLAS_STATUS_INVALID_VALUE;
  results[0].algo.promised = *preference;
  *found = 1;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t,
                              cublasLtMatmulDesc_t operation,
                              const void* alpha,
                              const void* first_data,
                              cublasLtMatrixLayout_t first,
                              const void* second_data,
                              cublasLtMatrixLayout_t second,
                              const void* beta,
                              const void* in_data,
                              cublasLtMatrixLayout_t in,
                              void* out_data,
                              cublasLtMatrixLayout_t out,
                              const cublasLtMatmulAlgo_t* algorithm,
                              void*,
                              size_t workspace_bytes,
                              cudaStream_t stream) {
  const auto& promised = algorithm->promised;
  const Operand a = {first_data, *first, operation->first == CUBLAS_OP_T};
  const Operand b = {second_data, *second, operation->second == CUBLAS_OP_T};
  if (!Fits(a, b, *in, *out) || workspace_bytes < promised.workspace_bytes ||
      !Aligned(first_data, promised.alignment_first) ||
      !Aligned(second_data, promised.alignment_second) ||
      !Aligned(in_data, promised.alignment_in) || !Aligned(out_data, promised.alignment_out)) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  const Product product = {first_data,
                           second_data,
                           in_data,
                           out_data,
                           *first,
                           *second,
                           *in,
                           *out,
                           a.transposed,
                           b.transposed,
                           *static_cast<const float*>(alpha),
                           *static_cast<const float*>(beta)};
  restem_host_cuda::Enqueue(stream, [product] { product.run(); });
  return CUBLAS_STATUS_SUCCESS;
}
