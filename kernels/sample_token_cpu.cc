#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "kernels/row_stats.h"
#include "kernels/sample_token.h"
#include "kernels/sample_token_loops.h"
#include "kernels/threshold_search.h"

namespace restem::kernels {
namespace {

// What drawing from a row needs room for; kept per thread.
struct Scratch {
  std::vector<float> masses;     // [blocks]
  std::vector<uint64_t> orders;  // of candidates
  std::vector<float> logits;     // of candidates or of a block, padded
  std::vector<float> weights;    // likewise
  std::vector<Candidate> candidates;
  SearchRoom room;
};

struct Row {
  const float* logits;
  int64_t vocab;
  float max;
};

struct Draw {
  int64_t token = 0;
  double mass = 1.0;  // of all that could have been drawn; the largest logit's is 1
};

float InverseTemperature(const SamplingRule& rule) {
  const double inverse = 1.0 / rule.temperature;
  return static_cast<float>(std::min(inverse, double{std::numeric_limits<float>::max()}));
}

// scratch.weights of scratch.logits.
void Weigh(const SamplingRule& rule, float max, Scratch& scratch) {
  const auto count = static_cast<int64_t>(scratch.logits.size());
  scratch.logits.resize(scratch.logits.size() + kVectorPadding, max);
  scratch.weights.resize(scratch.logits.size());
  WeightsOf(scratch.logits.data(), count, max, InverseTemperature(rule), scratch.weights.data());
}

// By the masses of blocks to a block, then through the block.
Draw DrawUnfiltered(const Row& row, const SamplingRule& rule, double uniform, Scratch& scratch) {
  Draw draw = {0, 0.0};
  for (const float mass : scratch.masses) draw.mass += double{mass};
  const double target = uniform * draw.mass;
  double sum = 0.0;
  int64_t block = 0;
  const auto blocks = static_cast<int64_t>(scratch.masses.size());
  for (int64_t b = 0; b < blocks; ++b) {
    const double mass = scratch.masses[static_cast<size_t>(b)];
    if (mass <= 0.0) continue;
    if (block < b) block = b;
    if (sum + mass > target) break;
    sum += mass;
  }
  const int64_t first = block * kMassBlock;
  const int64_t end = std::min(first + kMassBlock, row.vocab);
  scratch.logits.assign(row.logits + first, row.logits + end);
  Weigh(rule, row.max, scratch);
  for (int64_t i = first; i < end; ++i) {
    const double weight = scratch.weights[static_cast<size_t>(i - first)];
    if (weight <= 0.0) continue;
    draw.token = i;  // the last one where rounding leaves the target above the block's sum
    sum += weight;
    if (sum > target) break;
  }
  return draw;
}

// No logit that top-p keeps is at or below this: all of them together have less than 1 − top_p of
// the mass, even if each had this value. The margin covers rounding.
float LowestOfTopP(const Row& row, const SamplingRule& rule, double mass) {
  if (rule.top_p >= 1.0) return -std::numeric_limits<float>::infinity();
  const double share = (1.0 - rule.top_p) * mass / static_cast<double>(row.vocab);
  return static_cast<float>(double{row.max} + rule.temperature * (std::log(share) - 1e-3) -
                            1e-6 * std::abs(double{row.max}));
}

// scratch.candidates: all that can be drawn, and where only top-p limits them some more.
void Gather(const Row& row, const SamplingRule& rule, double mass, Scratch& scratch) {
  scratch.orders.clear();
  LargestLogits largest;
  largest.orders = &scratch.orders;
  largest.keep = static_cast<size_t>(row.vocab);
  if (0 < rule.top_k && rule.top_k < row.vocab) {
    largest.keep = static_cast<size_t>(rule.top_k);
  } else {
    largest.threshold = LowestOfTopP(row, rule, mass);
  }
  Collect(row.logits, row.vocab, largest);
  largest.drop_smallest();
  scratch.logits.clear();
  for (const uint64_t order : scratch.orders)
    scratch.logits.push_back(LogitOfRank(static_cast<uint32_t>(order >> 32)));
  Weigh(rule, row.max, scratch);
  scratch.candidates.clear();
  for (size_t i = 0; i < scratch.orders.size(); ++i)
    scratch.candidates.push_back({scratch.orders[i], scratch.weights[i]});
}

Draw DrawFiltered(const Row& row, const SamplingRule& rule, double uniform, Scratch& scratch) {
  double mass = 0.0;
  for (const float block : scratch.masses) mass += double{block};
  Gather(row, rule, mass, scratch);
  if (scratch.masses.empty())
    for (const Candidate& c : scratch.candidates) mass += double{c.weight};
  const double target = std::max(rule.top_p * mass, std::numeric_limits<double>::min());
  uint64_t last = std::numeric_limits<uint64_t>::max();
  if (rule.top_p < 1.0) {
    const Crossing nucleus = FindCrossing(scratch.candidates, target, scratch.room);
    mass = nucleus.mass;
    last = nucleus.at.order;
  }
  const Crossing drawn = FindCrossing(scratch.candidates, uniform * mass, scratch.room);
  // The searches round their sums differently: a draw must not leave the nucleus.
  const uint64_t order = std::min(drawn.at.order, last);
  return {Candidate{order, 0.0F}.token(), mass};
}

// What a draw by `rule` needs of each row beside its statistics.
Masses MassesFor(const SamplingRule& rule, int64_t vocab) {
  const bool top_k = 0 < rule.top_k && rule.top_k < vocab;
  if (rule.temperature == 0.0 || top_k) return Masses::kNone;
  return rule.temperature == 1.0 ? Masses::kModels : Masses::kTempered;
}

Draw DrawGreedily(const Row& row, Scratch& scratch) {
  scratch.orders.clear();
  LargestLogits largest;
  largest.threshold = std::nextafter(row.max, -std::numeric_limits<float>::infinity());
  largest.keep = 1;
  largest.orders = &scratch.orders;
  Collect(row.logits, row.vocab, largest);
  largest.drop_smallest();
  return {Candidate{scratch.orders[0], 0.0F}.token(), 1.0};
}

Draw DrawFrom(const Row& row, const SamplingRule& rule, double uniform, Scratch& scratch) {
  if (rule.temperature == 0.0) return DrawGreedily(row, scratch);
  if (rule.top_k == 0 && rule.top_p >= 1.0) return DrawUnfiltered(row, rule, uniform, scratch);
  return DrawFiltered(row, rule, uniform, scratch);
}

struct TokenAndLogprobs {
  int32_t token;
  float logprob;
  float sampled_logprob;
};

TokenAndLogprobs SampleRow(const float* logits,
                           int64_t vocab,
                           const SamplingRule& rule,
                           double uniform,
                           Scratch& scratch) {
  const Masses which = MassesFor(rule, vocab);
  scratch.masses.resize(
      which == Masses::kNone ? 0 : static_cast<size_t>((vocab + kMassBlock - 1) / kMassBlock));
  RowStats stats =
      StatsAndMasses(logits, vocab, which, InverseTemperature(rule), scratch.masses.data());
  if (!std::isfinite(Finished(stats).lse)) {
    constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
    return {0, kNone, kNone};
  }
  const Draw draw = DrawFrom({logits, vocab, stats.max}, rule, uniform, scratch);
  stats.target_logit = logits[draw.token];
  const float logprob = Finished(stats).logp;
  if (rule.temperature == 0.0) return {static_cast<int32_t>(draw.token), logprob, 0.0F};
  const double offset = (double{stats.target_logit} - double{stats.max}) / rule.temperature;
  return {
      static_cast<int32_t>(draw.token), logprob, static_cast<float>(offset - std::log(draw.mass))};
}

}  // namespace

void SampleTokens(const LogitsRows& shape,
                  const SamplingRule& rule,
                  const float* logits,
                  const double* uniforms,
                  const DrawnTokens& drawn) {
  static thread_local Scratch scratch;
  for (int64_t r = 0; r < shape.rows; ++r) {
    const TokenAndLogprobs result =
        SampleRow(logits + r * shape.stride, shape.vocab, rule, uniforms[r], scratch);
    drawn.tokens[r] = result.token;
    drawn.logprobs[r] = result.logprob;
    drawn.sampled_logprobs[r] = result.sampled_logprob;
  }
}

}  // namespace restem::kernels
