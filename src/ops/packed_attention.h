// Causal attention over packed segments with its gradient; see kernels/packed_attention.h.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "kernels/packed_attention.h"

namespace restem {

using kernels::AttentionSegment;

// As in kernels/packed_attention.h.
struct AttentionRule {
  double scale = 1.0;
  double soft_cap = 0.0;  // 0: none
  int64_t window = 0;     // 0: none
};

// Shared with the backward pass, which runs later.
using AttentionSegments = std::shared_ptr<const std::vector<AttentionSegment>>;

// Query i is that of row live[i]; without `live`, of row i. Queries past live's end, and those of
// no segment, come out as zero.
at::Tensor PackedAttention(
    const at::Tensor& q,  // [queries, heads, head_dim] float32
    const at::Tensor& k,  // [rows, kv_heads, head_dim] float32
    const at::Tensor& v,  // [rows, kv_heads, head_dim] float32
    const AttentionSegments& segments,
    const at::Tensor& live,      // [<= queries] int64 ascending, or undefined
    const AttentionRule& rule);  // returns [queries, heads, head_dim] float32

}  // namespace restem
