// Attention of new rows over a paged KV cache. A page holds the keys and values of 16 consecutive
// positions; sequences that begin with the same tokens share pages: the samples of a prompt share
// the prompt's, and prompts with common examples share those.
//
// All arithmetic of a row is in an order that depends on its own positions alone, not on what else
// is in the batch, nor on which pages are shared.
#pragma once

#include <cstdint>
#include <span>

namespace restem::kernels {

inline constexpr int64_t kKeysPerPage = 16;

struct PagedAttentionShape {
  int64_t heads = 0;
  int64_t kv_heads = 0;  // divides heads
  int64_t head_dim = 0;
  float scale = 1.0F;  // on the scores
};

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

}  // namespace restem::kernels
