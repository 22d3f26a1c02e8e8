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
  std::span<const int32_t> positions;  // [rows] of the query in its sequence: sees keys 0 … position
  const int32_t* tables = nullptr;     // [sequences, table_stride]: page of positions [16i, 16i+16)
  int64_t table_stride = 0;

  int64_t rows() const { return static_cast<int64_t>(positions.size()); }
  const int32_t* table(int64_t row) const {
    return tables + sequences[static_cast<size_t>(row)] * table_stride;
  }
};

}  // namespace restem::kernels
