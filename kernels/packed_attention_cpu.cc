#include <algorithm>
#include <cstring>
#include <vector>

#include "kernels/packed_attention.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/packed_attention_cpu.cc"
// foreach_target.h must come first.
// clang-format off
#include "hwy/foreach_target.h"
#include "kernels/attention_core-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace restem::kernels::HWY_NAMESPACE {

// One segment's keys and values of one KV head, gathered into dense arrays: prefix first, then the
// segment.
class SegmentKeys {
 public:
  SegmentKeys(const PackedAttentionShape& shape, const AttentionSegment& segment)
      : shape_(shape),
        segment_(segment),
        prefix_(segment.prefix_end - segment.prefix_begin),
        count_(prefix_ + segment.end - segment.begin),
        padded_(RoundUp(count_, kKeyBlock)),
        dim_(RoundUp(shape.head_dim, kKeyBlock)) {}

  int64_t prefix() const { return prefix_; }
  int64_t count() const { return count_; }
  int64_t padded() const { return padded_; }
  int64_t dim() const { return dim_; }  // head_dim rounded up, the rest zero

  int64_t row(int64_t j) const {
    return j < prefix_ ? segment_.prefix_begin + j : segment_.begin + (j - prefix_);
  }

  // [count, dim], row-major.
  void gather(const float* source, int64_t kv_head, std::vector<float>& to) const {
    to.assign(static_cast<size_t>(padded_ * dim_), 0.0F);
    for (int64_t j = 0; j < count_; ++j) {
      std::memcpy(to.data() + j * dim_,
                  at(source, j, kv_head),
                  static_cast<size_t>(shape_.head_dim) * sizeof(float));
    }
  }

  // [head_dim, padded]: transposed, so that scores of neighbouring keys lie side by side.
  void gather_transposed(const float* source, int64_t kv_head, std::vector<float>& to) const {
    to.assign(static_cast<size_t>(padded_ * shape_.head_dim), 0.0F);
    for (int64_t j = 0; j < count_; ++j) {
      const float* from = at(source, j, kv_head);
      for (int64_t d = 0; d < shape_.head_dim; ++d)
        to[static_cast<size_t>(d * padded_ + j)] = from[d];
    }
  }

  void scatter_add(const std::vector<float>& from, int64_t kv_head, float* target) const {
    for (int64_t j = 0; j < count_; ++j) {
      float* to = target + (row(j) * shape_.kv_heads + kv_head) * shape_.head_dim;
      for (int64_t d = 0; d < shape_.head_dim; ++d)
        to[d] += from[static_cast<size_t>(j * dim_ + d)];
    }
  }

 private:
  const float* at(const float* source, int64_t j, int64_t kv_head) const {
    return source + (row(j) * shape_.kv_heads + kv_head) * shape_.head_dim;
  }

  const PackedAttentionShape& shape_;
  const AttentionSegment& segment_;
  const int64_t prefix_;
  const int64_t count_;
  const int64_t padded_;
  const int64_t dim_;
};

// Arrays that are reused from segment to segment and call to call.
struct Scratch {
  std::vector<float> keys, keys_t, values, values_t, dkeys, dvalues, scores, dscores, rows;
};

// Four query rows at a time; past the segment's end the last row is repeated and its result
// dropped.
struct QueryBlock {
  int64_t first = 0;     // row of the first query within the segment
  int64_t size = 0;      // 1 … 4
  int64_t last_key = 0;  // keys that the last of them sees
};

template <typename Body>
void ForQueryBlocks(const AttentionSegment& segment, int64_t prefix, Body body) {
  const int64_t rows = segment.end - segment.begin;
  for (int64_t first = 0; first < rows; first += kQueryBlock) {
    const int64_t size = std::min(kQueryBlock, rows - first);
    body(QueryBlock{first, size, prefix + first + size});
  }
}

// Pointers to row r of the block in a [rows, heads, head_dim] array.
template <typename T>
void RowPointers(const PackedAttentionShape& shape,
                 const AttentionSegment& segment,
                 const QueryBlock& block,
                 int64_t head,
                 T* array,
                 T** pointers) {
  for (int64_t r = 0; r < kQueryBlock; ++r) {
    const int64_t row = segment.begin + block.first + std::min(r, block.size - 1);
    pointers[r] = array + (row * shape.heads + head) * shape.head_dim;
  }
}

// [4, width] inside `storage`.
void SplitRows(std::vector<float>& storage, int64_t width, float** pointers) {
  storage.resize(static_cast<size_t>(kQueryBlock * width));
  for (int64_t r = 0; r < kQueryBlock; ++r) pointers[r] = storage.data() + r * width;
}

void Scores(const float* const* queries,
            const std::vector<float>& keys_t,
            int64_t stride,
            int64_t count,
            int64_t dim,
            float** scores) {
  for (int64_t j = 0; j < count; j += kKeyBlock) {
    float* at[kQueryBlock];
    for (int64_t r = 0; r < kQueryBlock; ++r) at[r] = scores[r] + j;
    ScoreBlock(queries, keys_t.data() + j, stride, dim, at);
  }
}

void ForwardHead(const PackedAttentionShape& shape,
                 const AttentionSegment& segment,
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
  ForQueryBlocks(segment, keys.prefix(), [&](const QueryBlock& block) {
    const float* queries[kQueryBlock];
    RowPointers(shape, segment, block, head, q, queries);
    Scores(queries, scratch.keys_t, keys.padded(), block.last_key, shape.head_dim, scores);
    const int64_t padded = RoundUp(block.last_key, kKeyBlock);
    float totals[kQueryBlock];
    for (int64_t r = 0; r < kQueryBlock; ++r) {
      const int64_t seen = keys.prefix() + block.first + std::min(r, block.size - 1) + 1;
      for (int64_t j = seen; j < padded; ++j) scores[r][j] = -INFINITY;
      const float shift = shape.scale * MaskAndMax(scores[r], seen);
      totals[r] = ExpAndSum(scores[r], padded, shape.scale, shift);
      if (lse != nullptr && r < block.size) {
        lse[(segment.begin + block.first + r) * shape.heads + head] = shift + std::log(totals[r]);
      }
    }
    std::fill(scratch.rows.begin(), scratch.rows.end(), 0.0F);
    WeightedSum(scores, scratch.values.data(), block.last_key, keys.dim(), sums);
    float* outputs[kQueryBlock];
    RowPointers(shape, segment, block, head, out, outputs);
    for (int64_t r = 0; r < block.size; ++r) {
      for (int64_t d = 0; d < shape.head_dim; ++d) outputs[r][d] = sums[r][d] / totals[r];
    }
  });
}

void Forward(const PackedAttentionShape& shape,
             std::span<const AttentionSegment> segments,
             const float* q,
             const float* k,
             const float* v,
             float* out,
             float* lse) {
  static thread_local Scratch scratch;
  const int64_t group = shape.heads / shape.kv_heads;
  for (const AttentionSegment& segment : segments) {
    const SegmentKeys keys(shape, segment);
    for (int64_t kv_head = 0; kv_head < shape.kv_heads; ++kv_head) {
      keys.gather_transposed(k, kv_head, scratch.keys_t);
      keys.gather(v, kv_head, scratch.values);
      for (int64_t g = 0; g < group; ++g) {
        ForwardHead(shape, segment, keys, kv_head * group + g, q, out, lse, scratch);
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

// Turns scores into probabilities p and dscores (= dout·vᵀ) into scale·p·(dout·vᵀ − dout·out), rows
// past their causal limit and rows beyond the block into zero.
void SoftmaxBackward(const PackedAttentionShape& shape,
                     const AttentionSegment& segment,
                     const QueryBlock& block,
                     int64_t prefix,
                     int64_t head,
                     const BackwardArrays& arrays,
                     float** scores,
                     float** dscores) {
  const int64_t padded = RoundUp(block.last_key, kKeyBlock);
  for (int64_t r = 0; r < kQueryBlock; ++r) {
    const int64_t seen = r < block.size ? prefix + block.first + r + 1 : 0;
    std::fill(scores[r] + seen, scores[r] + padded, -INFINITY);
    const int64_t row =
        (segment.begin + block.first + std::min(r, block.size - 1)) * shape.heads + head;
    ExpAndSum(scores[r], padded, shape.scale, arrays.lse[row]);
    float delta = 0.0F;
    for (int64_t d = 0; d < shape.head_dim; ++d) {
      delta += arrays.dout[row * shape.head_dim + d] * arrays.out[row * shape.head_dim + d];
    }
    for (int64_t j = 0; j < padded; ++j)
      dscores[r][j] = shape.scale * scores[r][j] * (dscores[r][j] - delta);
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
                  const AttentionSegment& segment,
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
  ForQueryBlocks(segment, keys.prefix(), [&](const QueryBlock& block) {
    const float* queries[kQueryBlock];
    const float* douts[kQueryBlock];
    RowPointers(shape, segment, block, head, arrays.q, queries);
    RowPointers(shape, segment, block, head, arrays.dout, douts);
    Scores(queries, scratch.keys_t, keys.padded(), block.last_key, shape.head_dim, scores);
    Scores(douts, scratch.values_t, keys.padded(), block.last_key, shape.head_dim, dscores);
    SoftmaxBackward(shape, segment, block, keys.prefix(), head, arrays, scores, dscores);
    PadRows(douts, shape.head_dim, keys.dim(), rows);
    OuterAdd(scores, rows, block.last_key, keys.dim(), scratch.dvalues.data());
    PadRows(queries, shape.head_dim, keys.dim(), rows);
    OuterAdd(dscores, rows, block.last_key, keys.dim(), scratch.dkeys.data());
    std::fill(scratch.rows.begin(), scratch.rows.end(), 0.0F);
    WeightedSum(dscores, scratch.keys.data(), block.last_key, keys.dim(), rows);
    float* dqueries[kQueryBlock];
    RowPointers(shape, segment, block, head, arrays.dq, dqueries);
    for (int64_t r = 0; r < block.size; ++r)
      std::copy(rows[r], rows[r] + shape.head_dim, dqueries[r]);
  });
}

void Backward(const PackedAttentionShape& shape,
              std::span<const AttentionSegment> segments,
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
    const SegmentKeys keys(shape, segment);
    const auto gradient_size = static_cast<size_t>(keys.padded() * keys.dim());
    for (int64_t kv_head = 0; kv_head < shape.kv_heads; ++kv_head) {
      keys.gather(k, kv_head, scratch.keys);
      keys.gather_transposed(k, kv_head, scratch.keys_t);
      keys.gather_transposed(v, kv_head, scratch.values_t);
      scratch.dkeys.assign(gradient_size, 0.0F);
      scratch.dvalues.assign(gradient_size, 0.0F);
      for (int64_t g = 0; g < group; ++g) {
        BackwardHead(shape, segment, keys, kv_head * group + g, arrays, scratch);
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
                            const float* q,
                            const float* k,
                            const float* v,
                            float* out,
                            float* lse) {
  HWY_DYNAMIC_DISPATCH(Forward)(shape, segments, q, k, v, out, lse);
}

void PackedAttentionBackward(const PackedAttentionShape& shape,
                             std::span<const AttentionSegment> segments,
                             const float* dout,
                             const float* q,
                             const float* k,
                             const float* v,
                             const float* out,
                             const float* lse,
                             float* dq,
                             float* dk,
                             float* dv) {
  HWY_DYNAMIC_DISPATCH(Backward)(shape, segments, dout, q, k, v, out, lse, dq, dk, dv);
}

}  // namespace restem::kernels
#endif  // HWY_ONCE
