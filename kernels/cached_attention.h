// Decode attention over a paged KV cache: one new row per running sample attends to its prompt's
// keys, which all samples of the prompt share, and to its own.
//
// A page holds 16 consecutive keys for every layer and KV head. At [layer, kv_head] it has the keys
// as [padded_dim, 16] (transposed, so that 16 scores are computed side by side) and then the values
// as [16, padded_dim], where padded_dim is head_dim rounded up to 16 and the padding is zero.
#pragma once

#include <cstdint>
#include <span>

namespace restem::kernels {

inline constexpr int64_t kKeysPerPage = 16;

struct CachedAttentionShape {
  int64_t heads = 0;
  int64_t kv_heads = 0;  // divides heads
  int64_t head_dim = 0;
  float scale = 1.0F;  // on the scores

  int64_t padded_dim() const { return (head_dim + 15) / 16 * 16; }
  // Floats that one layer takes of a page.
  int64_t layer_stride() const { return kv_heads * 2 * kKeysPerPage * padded_dim(); }
};

// A run of keys: page i holds keys [16i, 16i + 16).
struct CachedKeys {
  std::span<float* const> pages;
  int64_t keys = 0;
};

// Writes one key and value into slot `key` (0 … 15) of a page.
void StoreKey(const CachedAttentionShape& shape,
              const float* k,  // [kv_heads, head_dim]
              const float* v,  // [kv_heads, head_dim]
              float* layer,    // page + layer · layer_stride()
              int64_t key);

void CachedAttention(const CachedAttentionShape& shape,
                     int64_t layer,
                     std::span<const CachedKeys> prompts,  // [rows]
                     std::span<const CachedKeys> own,      // [rows], the new key included
                     const float* q,                       // [rows, heads, head_dim]
                     float* out);                          // [rows, heads, head_dim]

}  // namespace restem::kernels
