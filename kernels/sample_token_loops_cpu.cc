#include <algorithm>
#include <cmath>

#include "kernels/sample_token_loops.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/sample_token_loops_cpu.cc"
// foreach_target.h must come first.
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"
#include "kernels/row_stats-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace restem::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Beside SumsOf: the mass of each block of columns, of exp(x − max) or of that to the power of
// inverse_temperature.
template <bool kTempered>
class BlockSums {
 public:
  BlockSums(float inverse_temperature, float* masses)
      : sums_(hn::Zero(FloatTag())),
        scale_(hn::Set(FloatTag(), inverse_temperature)),
        inverse_temperature_(inverse_temperature),
        masses_(masses) {}

  void operator()(int64_t i, FloatVec offset, FloatVec e) {
    const FloatTag tag;
    if constexpr (kTempered) e = hn::Exp(tag, hn::Mul(offset, scale_));
    sums_ = hn::Add(sums_, e);
    const int64_t next = i + static_cast<int64_t>(hn::Lanes(tag));
    if (next % kMassBlock == 0) flush(next - 1);
  }

  void operator()(int64_t, float offset, float e) {
    tail_ += kTempered ? std::exp(offset * inverse_temperature_) : e;
  }

  // With the block of column i.
  void flush(int64_t i) {
    masses_[i / kMassBlock] = hn::GetLane(hn::SumOfLanes(FloatTag(), sums_)) + tail_;
    sums_ = hn::Zero(FloatTag());
  }

 private:
  FloatVec sums_;
  FloatVec scale_;
  float inverse_temperature_;
  float tail_ = 0.0F;
  float* masses_;
};

template <bool kTempered>
RowSums SumsAndMasses(
    const float* row, int64_t vocab, float max, float inverse_temperature, float* masses) {
  BlockSums<kTempered> blocks(inverse_temperature, masses);
  const RowSums sums = SumsOf</*kCapped=*/false>(row, vocab, LogitTransform(), max, blocks);
  if (vocab % kMassBlock != 0) blocks.flush(vocab - 1);
  return sums;
}

RowStats StatsOfRow(const float* row,
                    int64_t vocab,
                    Masses which,
                    float inverse_temperature,
                    float* masses) {  // [blocks]
  const float max = MaxOf(row, vocab);
  RowSums sums = {};
  if (which == Masses::kModels) {
    sums = SumsAndMasses<false>(row, vocab, max, inverse_temperature, masses);
  } else if (which == Masses::kTempered) {
    sums = SumsAndMasses<true>(row, vocab, max, inverse_temperature, masses);
  } else {
    sums = SumsOf</*kCapped=*/false>(row, vocab, LogitTransform(), max, SumsOnly());
  }
  return StatsFrom(max, sums, /*target_logit=*/0.0F);
}

void Weights(
    const float* logits, int64_t count, float max, float inverse_temperature, float* weights) {
  const FloatTag tag;
  const auto shift = hn::Set(tag, max);
  const auto scale = hn::Set(tag, inverse_temperature);
  for (int64_t i = 0; i < count; i += static_cast<int64_t>(hn::Lanes(tag))) {
    const auto offset = hn::Sub(hn::LoadU(tag, logits + i), shift);
    hn::StoreU(hn::Exp(tag, hn::Mul(offset, scale)), tag, weights + i);
  }
}

void CollectFrom(const float* row, int64_t vocab, LargestLogits& largest) {
  const FloatTag tag;
  const auto lanes = static_cast<int64_t>(hn::Lanes(tag));
  const int64_t step = 4 * lanes;
  int64_t i = 0;
  while (i < vocab) {
    const int64_t end = std::min(i + step, vocab);
    if (end - i == step) {
      const auto a = hn::Max(hn::LoadU(tag, row + i), hn::LoadU(tag, row + i + lanes));
      const auto b =
          hn::Max(hn::LoadU(tag, row + i + 2 * lanes), hn::LoadU(tag, row + i + 3 * lanes));
      const auto above = hn::Gt(hn::Max(a, b), hn::Set(tag, largest.threshold));
      if (hn::AllFalse(tag, above)) {
        i = end;
        continue;
      }
    }
    for (; i < end; ++i)
      if (row[i] > largest.threshold) largest.push(row[i], i);
  }
}

}  // namespace restem::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace restem::kernels {
HWY_EXPORT(StatsOfRow);
HWY_EXPORT(Weights);
HWY_EXPORT(CollectFrom);

RowStats StatsAndMasses(
    const float* row, int64_t vocab, Masses which, float inverse_temperature, float* masses) {
  return HWY_DYNAMIC_DISPATCH(StatsOfRow)(row, vocab, which, inverse_temperature, masses);
}

void WeightsOf(
    const float* logits, int64_t count, float max, float inverse_temperature, float* weights) {
  HWY_DYNAMIC_DISPATCH(Weights)(logits, count, max, inverse_temperature, weights);
}

void LargestLogits::drop_smallest() {
  if (orders->size() <= keep) return;
  const auto last = orders->begin() + static_cast<ptrdiff_t>(keep) - 1;
  std::nth_element(orders->begin(), last, orders->end());
  // From here on a logit that equals the last one kept comes later, by its id.
  threshold = LogitOfRank(static_cast<uint32_t>(*last >> 32));
  orders->resize(keep);
}

void Collect(const float* row, int64_t vocab, LargestLogits& largest) {
  HWY_DYNAMIC_DISPATCH(CollectFrom)(row, vocab, largest);
}

}  // namespace restem::kernels
#endif  // HWY_ONCE
