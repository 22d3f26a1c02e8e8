#include <algorithm>
#include <cstring>
#include <vector>

#include "kernels/cached_attention.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cached_attention_cpu.cc"
// foreach_target.h must come first.
// clang-format off
#include "hwy/foreach_target.h"
#include "kernels/attention_core-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace restem::kernels::HWY_NAMESPACE {
static_assert(kKeysPerPage == kKeyBlock);

struct HeadBlock {
  int64_t layer_offset = 0;  // floats from a page's start to this layer and KV head
  int64_t dim = 0;           // padded
  int64_t head_dim = 0;
};

// Scores of up to four query heads against a run of keys; the unused tail of the last page becomes
// −inf.
void ScoreRun(const CachedKeys& run,
              const HeadBlock& block,
              const float* const* queries,
              float* const* scores) {
  for (int64_t first = 0; first < run.keys; first += kKeyBlock) {
    const float* keys = run.pages[static_cast<size_t>(first / kKeyBlock)] + block.layer_offset;
    float* at[kQueryBlock];
    for (int64_t r = 0; r < kQueryBlock; ++r) at[r] = scores[r] + first;
    ScoreBlock(queries, keys, kKeyBlock, block.head_dim, at);
  }
  for (int64_t r = 0; r < kQueryBlock; ++r) {
    std::fill(scores[r] + run.keys, scores[r] + RoundUp(run.keys, kKeyBlock), -INFINITY);
  }
}

void SumRun(const CachedKeys& run,
            const HeadBlock& block,
            const float* const* weights,
            float* const* sums) {
  for (int64_t first = 0; first < run.keys; first += kKeyBlock) {
    const float* values = run.pages[static_cast<size_t>(first / kKeyBlock)] + block.layer_offset +
                          block.dim * kKeyBlock;
    const float* at[kQueryBlock];
    for (int64_t r = 0; r < kQueryBlock; ++r) at[r] = weights[r] + first;
    WeightedSum(at, values, std::min(kKeyBlock, run.keys - first), block.dim, sums);
  }
}

struct DecodeScratch {
  std::vector<float> scores, sums;
};

// Query heads [head, head + size) of one row, all of one KV head; size is 1 … 4.
void AttendHeads(const CachedKeys& prompt,
                 const CachedKeys& own,
                 const HeadBlock& block,
                 float scale,
                 const float* q,
                 int64_t size,
                 float* out,
                 DecodeScratch& scratch) {
  const int64_t prompt_padded = RoundUp(prompt.keys, kKeyBlock);
  const int64_t padded = prompt_padded + RoundUp(own.keys, kKeyBlock);
  scratch.scores.resize(static_cast<size_t>(kQueryBlock * padded));
  scratch.sums.assign(static_cast<size_t>(kQueryBlock * block.dim), 0.0F);
  const float* queries[kQueryBlock];
  float* scores[kQueryBlock];
  float* own_scores[kQueryBlock];
  float* sums[kQueryBlock];
  for (int64_t r = 0; r < kQueryBlock; ++r) {
    queries[r] = q + std::min(r, size - 1) * block.head_dim;
    scores[r] = scratch.scores.data() + r * padded;
    own_scores[r] = scores[r] + prompt_padded;
    sums[r] = scratch.sums.data() + r * block.dim;
  }
  ScoreRun(prompt, block, queries, scores);
  ScoreRun(own, block, queries, own_scores);
  float totals[kQueryBlock];
  for (int64_t r = 0; r < kQueryBlock; ++r) {
    const float shift = scale * MaskAndMax(scores[r], padded);
    totals[r] = ExpAndSum(scores[r], padded, scale, shift);
  }
  SumRun(prompt, block, scores, sums);
  SumRun(own, block, own_scores, sums);
  for (int64_t r = 0; r < size; ++r) {
    for (int64_t d = 0; d < block.head_dim; ++d)
      out[r * block.head_dim + d] = sums[r][d] / totals[r];
  }
}

void Attend(const CachedAttentionShape& shape,
            int64_t layer,
            std::span<const CachedKeys> prompts,
            std::span<const CachedKeys> own,
            const float* q,
            float* out) {
  static thread_local DecodeScratch scratch;
  const int64_t group = shape.heads / shape.kv_heads;
  const int64_t head_stride = shape.layer_stride() / shape.kv_heads;
  for (size_t row = 0; row < own.size(); ++row) {
    for (int64_t kv_head = 0; kv_head < shape.kv_heads; ++kv_head) {
      const HeadBlock block = {
          layer * shape.layer_stride() + kv_head * head_stride, shape.padded_dim(), shape.head_dim};
      for (int64_t g = 0; g < group; g += kQueryBlock) {
        const int64_t head = static_cast<int64_t>(row) * shape.heads + kv_head * group + g;
        const int64_t size = std::min(kQueryBlock, group - g);
        const int64_t offset = head * shape.head_dim;
        AttendHeads(
            prompts[row], own[row], block, shape.scale, q + offset, size, out + offset, scratch);
      }
    }
  }
}

}  // namespace restem::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace restem::kernels {
HWY_EXPORT(Attend);

void StoreKey(
    const CachedAttentionShape& shape, const float* k, const float* v, float* layer, int64_t key) {
  const int64_t dim = shape.padded_dim();
  for (int64_t head = 0; head < shape.kv_heads; ++head) {
    for (int64_t d = 0; d < shape.head_dim; ++d) layer[d * kKeysPerPage + key] = k[d];
    layer += dim * kKeysPerPage;
    std::memcpy(layer + key * dim, v, static_cast<size_t>(shape.head_dim) * sizeof(float));
    layer += dim * kKeysPerPage;
    k += shape.head_dim;
    v += shape.head_dim;
  }
}

void CachedAttention(const CachedAttentionShape& shape,
                     int64_t layer,
                     std::span<const CachedKeys> prompts,
                     std::span<const CachedKeys> own,
                     const float* q,
                     float* out) {
  HWY_DYNAMIC_DISPATCH(Attend)(shape, layer, prompts, own, q, out);
}

}  // namespace restem::kernels
#endif  // HWY_ONCE
