// Causal attention over packed segments with its gradient; see kernels/packed_attention.h.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "kernels/packed_attention.h"

namespace restem {

using kernels::AttentionSegment;
// Shared with the backward pass, which runs later.
using AttentionSegments = std::shared_ptr<const std::vector<AttentionSegment>>;

at::Tensor PackedAttention(
    const at::Tensor& q,  // [rows, heads, head_dim] float32
    const at::Tensor& k,  // [rows, kv_heads, head_dim] float32
    const at::Tensor& v,  // [rows, kv_heads, head_dim] float32
    const AttentionSegments& segments,
    double scale);  // returns [rows, heads, head_dim] float32; rows of no segment are zero

}  // namespace restem
