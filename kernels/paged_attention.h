// Attention of new rows over a paged KV cache. A page holds the keys and values of 16 consecutive
// positions; sequences that begin with the same tokens share pages: the samples of a prompt share
// the prompt's, and prompts with common examples share those.
//
// All arithmetic of a row is in an order that depends on its own positions alone, not on what else
// is in the batch, nor on which pages are shared.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/cuda_types.h"

namespace restem::kernels {

inline constexpr int64_t kKeysPerPage = 16;

struct PagedAttentionShape {
  int64_t heads = 0;
  int64_t kv_heads = 0;  // divides heads
  int64_t head_dim = 0;
  float scale = 1.0F;  // on the scores
  // As in kernels/packed_attention.h. CPU only: "cudaErrorNotSupported" on a GPU.
  float soft_cap = 0.0F;
  int64_t window = 0;
};

#if __cplusplus >= 202002L  // sources for GPUs are C++17, which has no std::span
// The rows of one step and where their sequences' keys lie. Rows of one sequence, and sequences
// that share pages, should stand side by side: a page that neighbours share is read once for
// several of them.
struct PagedRows {
  std::span<const int32_t> sequences;  // [rows] row of `tables`
  std::span<const int32_t>
      positions;                    // [rows] of the query in its sequence: sees keys 0 … position
  const int32_t* tables = nullptr;  // [sequences, table_stride]: page of positions [16i, 16i+16)
  int64_t table_stride = 0;

  int64_t rows() const { return static_cast<int64_t>(positions.size()); }
  const int32_t* table(int64_t row) const {
    return tables + sequences[static_cast<size_t>(row)] * table_stride;
  }
};

// The pages of a CPU, float32. At [page, layer, kv_head] lie the keys as [padded_dim, 16]
// (transposed, so that 16 scores are computed side by side) and then the values as [16,
// padded_dim], where padded_dim is head_dim rounded up to 16. Memory of pages must hold finite
// numbers, padding zeros; what is left of an earlier sequence does no harm.
struct PagedKv {
  float* pages = nullptr;
  int64_t layers = 0;

  static int64_t padded_dim(const PagedAttentionShape& shape) {
    return (shape.head_dim + 15) / 16 * 16;
  }
  // Floats that one layer takes of a page.
  static int64_t layer_stride(const PagedAttentionShape& shape) {
    return shape.kv_heads * 2 * kKeysPerPage * padded_dim(shape);
  }
  float* at(const PagedAttentionShape& shape, int64_t page, int64_t layer) const {
    return pages + (page * layers + layer) * layer_stride(shape);
  }
};

// Writes each row's key and value at its position.
void StoreKeys(const PagedAttentionShape& shape,
               const PagedKv& kv,
               const PagedRows& rows,
               int64_t layer,
               const float* k,   // [rows, kv_heads, head_dim]
               const float* v);  // [rows, kv_heads, head_dim]

// The rows' own keys must have been stored.
void PagedAttention(const PagedAttentionShape& shape,
                    const PagedKv& kv,
                    const PagedRows& rows,
                    int64_t layer,
                    const float* q,  // [rows, heads, head_dim]
                    float* out);     // [rows, heads, head_dim]

#endif

// A row's keys are cut into splits of at most 16 pages, from the start of the prompt and again from
// its end; what the splits give is merged in their order. Nothing else decides where a row's sums
// are cut, so its result has the same bits in every batch. Scores and sums are float32; with
// bfloat16, q, k, v and the softmax's weights are factors of the tensor cores' products.
namespace cuda {

inline constexpr int64_t kPagesPerSplit = 16;

// One layer's keys and values: [pages, kv_heads, 2, 16 * head_dim], aligned to 16 bytes. First the
// keys, as [16, head_dim], then the values as [8, head_dim, 2]: two consecutive positions side by
// side, which is a word of the tensor cores' factors. Slots behind a row's position may hold
// anything.
struct PagePool {
  Precision precision = Precision::kBfloat16;
  void* data = nullptr;
};

// As PagedRows, in the GPU's memory. Keys of neighbours that lie in the same pages, as far as a
// split of all of them reaches, are read once for several of them.
struct PagedBatch {
  int64_t rows = 0;
  const int32_t* sequences = nullptr;  // [rows] row of `tables` and of `prompt_pages`
  const int32_t* positions =
      nullptr;  // [rows] below max_keys, else the output is NaN; −1: no row, its output is zero
  const int32_t* tables = nullptr;  // [sequences, table_stride]
  int64_t table_stride = 0;
  const int32_t* prompt_pages = nullptr;  // [sequences] leading pages that hold the prompt
  int64_t max_keys = 0;                   // sizes grid and workspace; changes no bit
};

int64_t PagedAttentionWorkspaceBytes(const PagedAttentionShape& shape,
                                     int64_t rows,
                                     int64_t max_keys);

// Finds out which splits neighbours have in common; once for all layers of a step, whose calls get
// the same workspace. Nothing else may write to it between.
CudaError PlanPagedAttention(const PagedAttentionShape& shape,
                             const PagedBatch& batch,
                             const Workspace& workspace,
                             CudaStream stream);

// head_dim a multiple of 8 up to 256, at most 8 heads for each KV head, arrays aligned to 16 bytes,
// else "cudaErrorNotSupported" or "cudaErrorMisalignedAddress".
CudaError PagedAttention(const PagedAttentionShape& shape,
                         const PagePool& layer,
                         const PagedBatch& batch,
                         const void* q,  // [rows, heads, head_dim] of the pool's precision
                         const Workspace& workspace,
                         void* out,  // as q
                         CudaStream stream);

}  // namespace cuda
}  // namespace restem::kernels
