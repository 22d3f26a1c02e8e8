// Causal attention over many sequences packed into one array of rows, with grouped query heads
// (arXiv 2305.13245).
//
// Rows are cut into segments. A row of a segment attends to the segment's prefix (all of it) and,
// causally, to the segment itself; never to anything else. Several completions of one prompt are
// segments that name the prompt's segment as prefix: the prompt is computed once, and its gradient
// gathers from all of them.
#pragma once

#include <cstdint>
#include <span>

namespace restem::kernels {

struct AttentionSegment {
  int64_t begin = 0;  // rows [begin, end)
  int64_t end = 0;
  int64_t prefix_begin = 0;  // rows [prefix_begin, prefix_end), empty for a prompt; before `begin`
  int64_t prefix_end = 0;
};

// Rows that ask. Keys and values are always those of every row.
struct AttentionQueries {
  const int64_t* rows = nullptr;  // [count] ascending; null: query i is row i
  int64_t count = 0;              // row i of q, out and lse belongs to query i
};

struct PackedAttentionShape {
  int64_t heads = 0;
  int64_t kv_heads = 0;  // divides heads
  int64_t head_dim = 0;
  float scale = 1.0F;     // on the scores, usually 1/sqrt(head_dim)
  float soft_cap = 0.0F;  // scaled scores become cap·tanh(score / cap); 0: they stay
  int64_t window = 0;     // keys that a row sees at most, its own the last; 0: all before it
};

void PackedAttentionForward(
    const PackedAttentionShape& shape,
    std::span<const AttentionSegment> segments,
    const AttentionQueries& queries,
    const float* q,  // [queries, heads, head_dim]
    const float* k,  // [rows, kv_heads, head_dim]
    const float* v,  // [rows, kv_heads, head_dim]
    float* out,      // [queries, heads, head_dim]; queries of no segment stay as they are
    float* lse);     // [queries, heads] log-sum-exp of the scaled scores; may be null

void PackedAttentionBackward(const PackedAttentionShape& shape,
                             std::span<const AttentionSegment> segments,
                             const AttentionQueries& queries,
                             const float* dout,  // [queries, heads, head_dim]
                             const float* q,
                             const float* k,
                             const float* v,
                             const float* out,
                             const float* lse,
                             float* dq,   // [queries, heads, head_dim], set for those of segments
                             float* dk,   // [rows, kv_heads, head_dim], added to: zero it first
                             float* dv);  // [rows, kv_heads, head_dim], added to

}  // namespace restem::kernels
