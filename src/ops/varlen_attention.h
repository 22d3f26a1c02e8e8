// Packed attention (ops/packed_attention.h) as GPUs compute it: LibTorch's FlashAttention 2 (arXiv
// 2307.08691) over sequences of different lengths.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "ops/packed_attention.h"

namespace restem {

// Segments as sequences: a segment's rows ask, and the rows of its prefix, with its own behind
// them, are its keys. What all layers of a micro-batch share.
struct VarlenLayout {
  std::vector<int32_t> query_begins;  // [sequences + 1]; a sequence's queries lie side by side
  std::vector<int32_t> key_begins;    // [sequences + 1]
  int64_t longest_query = 0;          // queries of one sequence
  int64_t longest_key = 0;
  // The same on the device.
  at::Tensor query_begins_there;  // int32
  at::Tensor key_begins_there;    // int32
  at::Tensor key_rows;            // [keys] int64; undefined: key i is row i
};

// `segments` cover all rows, in order.
VarlenLayout LayOut(const std::vector<AttentionSegment>& segments, at::Device device);

// Query i is that of row live[i]; without `live`, of row i. bfloat16 on a GPU goes the fast way,
// unless the rule has a soft cap; anything else is computed by softmax over whole scores, in
// float32.
at::Tensor VarlenAttention(
    const at::Tensor& q,  // [queries, heads, head_dim] float32 or bfloat16
    const at::Tensor& k,  // [rows, kv_heads, head_dim] of q's dtype
    const at::Tensor& v,  // [rows, kv_heads, head_dim] of q's dtype
    const VarlenLayout& layout,
    const at::Tensor& live,      // [queries] int64 ascending, or undefined
    const AttentionRule& rule);  // returns [queries, heads, head_dim] of q's dtype

}  // namespace restem
