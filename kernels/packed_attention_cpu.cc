#include <algorithm>
#include <vector>

#include "kernels/packed_attention.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/packed_attention_cpu.cc"
// foreach_target.h must come first.
// clang-format off
#include "hwy/foreach_target.h"
#include "kernels/packed_segments-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace restem::kernels::HWY_NAMESPACE {

// Arrays that are reused from segment to segment and call to call.
struct Scratch {
  std::vector<float> keys, keys_t, values, values_t, dkeys, dvalues, scores, dscores, rows;
};

// Where the block's queries lie in a [queries, heads, head_dim] array.
template <typename T>
void RowPointers(const PackedAttentionShape& shape,
                 const QueryBlock& block,
                 int64_t head,
                 T* array,
                 T** pointers) {
  for (int64_t r = 0; r < kQueryBlock; ++r)
    pointers[r] = array + (block.query[r] * shape.heads + head) * shape.head_dim;
}

// [4, width] inside `storage`.
void SplitRows(std::vector<float>& storage, int64_t width, float** pointers) {
  storage.resize(static_cast<size_t>(kQueryBlock * width));
  for (int64_t r = 0; r < kQueryBlock; ++r) pointers[r] = storage.data() + r * width;
}

// The block's scores, each row from its first key on.
void Scores(const float* const* queries,
            const std::vector<float>& keys_t,
            int64_t stride,
            const QueryBlock& block,
            int64_t dim,
            float** scores) {
  for (int64_t j = block.first_key(); j < block.last_key(); j += kKeyBlock) {
    float* at[kQueryBlock];
    for (int64_t r = 0; r < kQueryBlock; ++r) at[r] = scores[r] + (j - block.first_key());
    ScoreBlock(queries, keys_t.data() + j, stride, dim, at);
  }
}

// Rows and room that the block's keys have, counted from the first.
struct BlockKeys {
  explicit BlockKeys(const QueryBlock& block)
      : begin(block.first_key()),
        count(block.last_key() - begin),
        padded(RoundUp(count, kKeyBlock)) {}

  const int64_t begin;
  const int64_t count;
  const int64_t padded;
};

void ForwardHead(const PackedAttentionShape& shape,
                 const SegmentQueries& asked,
                 const SegmentKeys& keys,
                 int64_t head,
                 const float* q,
                 float* out,
                 float* lse,
                 Scratch& scratch) {
  float* scores[kQueryBlock];
  float* sums[kQueryBlock];
  SplitRows(scratch.scores, keys.padded(), scores);
  SplitRows(scratch.rows, keys.dim(), sums);
  const bool capped = shape.soft_cap > 0.0F;
  const float scale = capped ? 1.0F : shape.scale;
  asked.for_blocks([&](const QueryBlock& block) {
    const BlockKeys own(block);
    const float* queries[kQueryBlock];
    RowPointers(shape, block, head, q, queries);
    Scores(queries, scratch.keys_t, keys.padded(), block, shape.head_dim, scores);
    float totals[kQueryBlock];
    for (int64_t r = 0; r < kQueryBlock; ++r) {
      if (capped) SoftCap(scores[r], own.padded, shape.scale, shape.soft_cap);
      const int64_t seen = block.seen[r] - own.begin;
      std::fill(scores[r] + seen, scores[r] + own.padded, -INFINITY);
      const float shift = scale * MaskAndMax(scores[r], block.first[r] - own.begin, seen);
      totals[r] = ExpAndSum(scores[r], own.padded, scale, shift);
      if (lse != nullptr && r < block.size) {
        lse[block.query[r] * shape.heads + head] = shift + std::log(totals[r]);
      }
    }
    std::fill(scratch.rows.begin(), scratch.rows.end(), 0.0F);
    WeightedSum(
        scores, scratch.values.data() + own.begin * keys.dim(), own.count, keys.dim(), sums);
    float* outputs[kQueryBlock];
    RowPointers(shape, block, head, out, outputs);
    for (int64_t r = 0; r < block.size; ++r) {
      for (int64_t d = 0; d < shape.head_dim; ++d) outputs[r][d] = sums[r][d] / totals[r];
    }
  });
}

void Forward(const PackedAttentionShape& shape,
             std::span<const AttentionSegment> segments,
             const AttentionQueries& queries,
             const float* q,
             const float* k,
             const float* v,
             float* out,
             float* lse) {
  static thread_local Scratch scratch;
  const int64_t group = shape.heads / shape.kv_heads;
  for (const AttentionSegment& segment : segments) {
    const SegmentQueries asked(queries, segment, shape.window);
    if (asked.empty()) continue;
    const SegmentKeys keys(shape, segment);
    for (int64_t kv_head = 0; kv_head < shape.kv_heads; ++kv_head) {
      keys.gather_transposed(k, kv_head, scratch.keys_t);
      keys.gather(v, kv_head, scratch.values);
      for (int64_t g = 0; g < group; ++g) {
        ForwardHead(shape, asked, keys, kv_head * group + g, q, out, lse, scratch);
      }
    }
  }
}

struct BackwardArrays {
  const float* dout;
  const float* q;
  const float* out;
  const float* lse;
  float* dq;
};

// Turns scores into probabilities p and dscores (= dout·vᵀ) into scale·p·(dout·vᵀ − dout·out),
// times the cap's slope where there is one; keys that a row does not see and rows beyond the block
// into zero.
void SoftmaxBackward(const PackedAttentionShape& shape,
                     const QueryBlock& block,
                     int64_t head,
                     const BackwardArrays& arrays,
                     float** scores,
                     float** dscores) {
  const BlockKeys own(block);
  const bool capped = shape.soft_cap > 0.0F;
  for (int64_t r = 0; r < kQueryBlock; ++r) {
    const int64_t row = block.query[r] * shape.heads + head;
    const int64_t at = row * shape.head_dim;
    const float delta = Dot(arrays.dout + at, arrays.out + at, shape.head_dim);
    for (int64_t j = 0; j < own.padded; ++j) dscores[r][j] -= delta;
    if (capped) {
      SoftCap(scores[r], own.padded, shape.scale, shape.soft_cap);
      for (int64_t j = 0; j < own.padded; ++j) {
        const float t = scores[r][j] / shape.soft_cap;
        dscores[r][j] *= 1.0F - t * t;
      }
    }
    const int64_t seen = r < block.size ? block.seen[r] - own.begin : 0;
    std::fill(scores[r], scores[r] + (block.first[r] - own.begin), -INFINITY);
    std::fill(scores[r] + seen, scores[r] + own.padded, -INFINITY);
    ExpAndSum(scores[r], own.padded, capped ? 1.0F : shape.scale, arrays.lse[row]);
    for (int64_t j = 0; j < own.padded; ++j)
      dscores[r][j] = shape.scale * scores[r][j] * dscores[r][j];
  }
}

// Copies four head_dim rows into rows of `width` floats, zero behind.
void PadRows(const float* const* from, int64_t head_dim, int64_t width, float** to) {
  for (int64_t r = 0; r < kQueryBlock; ++r) {
    std::copy(from[r], from[r] + head_dim, to[r]);
    std::fill(to[r] + head_dim, to[r] + width, 0.0F);
  }
}

void BackwardHead(const PackedAttentionShape& shape,
                  const SegmentQueries& asked,
                  const SegmentKeys& keys,
                  int64_t head,
                  const BackwardArrays& arrays,
                  Scratch& scratch) {
  float* scores[kQueryBlock];
  float* dscores[kQueryBlock];
  float* rows[kQueryBlock];
  SplitRows(scratch.scores, keys.padded(), scores);
  SplitRows(scratch.dscores, keys.padded(), dscores);
  SplitRows(scratch.rows, keys.dim(), rows);
  asked.for_blocks([&](const QueryBlock& block) {
    const BlockKeys own(block);
    const int64_t first = own.begin * keys.dim();
    const float* queries[kQueryBlock];
    const float* douts[kQueryBlock];
    RowPointers(shape, block, head, arrays.q, queries);
    RowPointers(shape, block, head, arrays.dout, douts);
    Scores(queries, scratch.keys_t, keys.padded(), block, shape.head_dim, scores);
    Scores(douts, scratch.values_t, keys.padded(), block, shape.head_dim, dscores);
    SoftmaxBackward(shape, block, head, arrays, scores, dscores);
    PadRows(douts, shape.head_dim, keys.dim(), rows);
    OuterAdd(scores, rows, own.count, keys.dim(), scratch.dvalues.data() + first);
    PadRows(queries, shape.head_dim, keys.dim(), rows);
    OuterAdd(dscores, rows, own.count, keys.dim(), scratch.dkeys.data() + first);
    std::fill(scratch.rows.begin(), scratch.rows.end(), 0.0F);
    WeightedSum(dscores, scratch.keys.data() + first, own.count, keys.dim(), rows);
    float* dqueries[kQueryBlock];
    RowPointers(shape, block, head, arrays.dq, dqueries);
    for (int64_t r = 0; r < block.size; ++r)
      std::copy(rows[r], rows[r] + shape.head_dim, dqueries[r]);
  });
}

void Backward(const PackedAttentionShape& shape,
              std::span<const AttentionSegment> segments,
              const AttentionQueries& queries,
              const float* dout,
              const float* q,
              const float* k,
              const float* v,
              const float* out,
              const float* lse,
              float* dq,
              float* dk,
              float* dv) {
  static thread_local Scratch scratch;
  const int64_t group = shape.heads / shape.kv_heads;
  const BackwardArrays arrays = {dout, q, out, lse, dq};
  for (const AttentionSegment& segment : segments) {
    const SegmentQueries asked(queries, segment, shape.window);
    if (asked.empty()) continue;
    const SegmentKeys keys(shape, segment);
    const auto gradient_size = static_cast<size_t>(keys.padded() * keys.dim());
    for (int64_t kv_head = 0; kv_head < shape.kv_heads; ++kv_head) {
      keys.gather(k, kv_head, scratch.keys);
      keys.gather_transposed(k, kv_head, scratch.keys_t);
      keys.gather_transposed(v, kv_head, scratch.values_t);
      scratch.dkeys.assign(gradient_size, 0.0F);
      scratch.dvalues.assign(gradient_size, 0.0F);
      for (int64_t g = 0; g < group; ++g) {
        BackwardHead(shape, asked, keys, kv_head * group + g, arrays, scratch);
      }
      keys.scatter_add(scratch.dkeys, kv_head, dk);
      keys.scatter_add(scratch.dvalues, kv_head, dv);
    }
  }
}

}  // namespace restem::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace restem::kernels {
HWY_EXPORT(Forward);
HWY_EXPORT(Backward);

void PackedAttentionForward(const PackedAttentionShape& shape,
                            std::span<const AttentionSegment> segments,
                            const AttentionQueries& queries,
                            const float* q,
                            const float* k,
                            const float* v,
                            float* out,
                            float* lse) {
  HWY_DYNAMIC_DISPATCH(Forward)(shape, segments, queries, q, k, v, out, lse);
}

void PackedAttentionBackward(const PackedAttentionShape& shape,
                             std::span<const AttentionSegment> segments,
                             const AttentionQueries& queries,
                             const float* dout,
                             const float* q,
                             const float* k,
                             const float* v,
                             const float* out,
                             const float* lse,
                             float* dq,
                             float* dk,
                             float* dv) {
  HWY_DYNAMIC_DISPATCH(Backward)(shape, segments, queries, dout, q, k, v, out, lse, dq, dk, dv);
}

}  // namespace restem::kernels
#endif  // HWY_ONCE
