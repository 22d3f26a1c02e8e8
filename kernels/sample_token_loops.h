// The loops of sample_token.h over rows on the CPU.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/row_stats.h"
#include "kernels/threshold_search.h"

namespace restem::kernels {

constexpr int64_t kMassBlock = 256;  // columns whose mass is kept as one number

// Of what distribution a pass over a row keeps the masses of blocks of columns.
enum class Masses { kNone, kModels, kTempered };

// The statistics that AddToRowStats gives of the whole row, but for the target. On the way, the
// masses of blocks: Σ exp(logit − max), or of that to the power of inverse_temperature.
RowStats StatsAndMasses(const float* row,  // [vocab]
                        int64_t vocab,
                        Masses which,
                        float inverse_temperature,
                        float* masses);  // [⌈vocab / kMassBlock⌉]; unused where none are kept

// weights = exp((logits − max)·inverse_temperature). Both arrays have room for kVectorPadding more
// floats, which may be read and written.
constexpr int64_t kVectorPadding = 16;
void WeightsOf(const float* logits,  // [count]
               int64_t count,
               float max,
               float inverse_temperature,
               float* weights);  // [count]

// The `keep` largest logits above a threshold, which rises on the way.
struct LargestLogits {
  float threshold = -std::numeric_limits<float>::infinity();
  size_t keep = 0;
  std::vector<uint64_t>* orders = nullptr;

  void push(float logit, int64_t token) {
    orders->push_back(CandidateOrder(logit, token));
    if (orders->size() >= 2 * keep + 64) drop_smallest();
  }

  void drop_smallest();
};

// Pushes what a row has above the threshold, in order of ids; may leave more than `keep`.
void Collect(const float* row, int64_t vocab, LargestLogits& largest);

}  // namespace restem::kernels
