// Drawing a token from a row of logits, beside what it replaces: sorting by a plain sampler, and
// LibTorch's softmax and multinomial where nothing is filtered.
//
//   sample_token_bench --benchmark_repetitions=5 --benchmark_enable_random_interleaving=true
//
// Argument: the vocabulary: the quickstart's, Llama 2's, Qwen2.5's. `per_logit` is the time divided
// by it. Normal logits times 3: top-p 0.95 then keeps about a tenth.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

#include "sampler/token_sampler.h"

namespace restem {
namespace {

SamplingParams Params(double temperature, int64_t top_k, double top_p) {
  SamplingParams params;
  params.temperature = temperature;
  params.top_k = top_k;
  params.top_p = top_p;
  return params;
}

std::vector<float> Logits(int64_t vocab) {
  std::mt19937 engine(1);
  std::normal_distribution<float> normal(0.0F, 3.0F);
  std::vector<float> logits(static_cast<size_t>(vocab));
  for (float& x : logits) x = normal(engine);
  return logits;
}

template <typename Draw>
void Time(benchmark::State& state, const Draw& draw) {
  double uniform = 0.1234;
  for (auto _ : state) {
    uniform = std::fmod(uniform + 0.618, 1.0);
    benchmark::DoNotOptimize(draw(uniform));
  }
  state.counters["per_logit"] = benchmark::Counter(
      static_cast<double>(state.range(0)),
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void Sample(benchmark::State& state, const SamplingParams& params) {
  const std::vector<float> logits = Logits(state.range(0));
  TokenSampler sampler(params);
  Time(state, [&](double uniform) { return sampler.draw(logits, uniform)->token; });
}

// The likeliest first as far as top-k wants them, then their weights, then a walk; and the log-prob
// by a pass of its own.
void Sort(benchmark::State& state, const SamplingParams& params) {
  const std::vector<float> logits = Logits(state.range(0));
  const size_t k = params.top_k > 0 ? static_cast<size_t>(params.top_k) : logits.size();
  std::vector<int32_t> order(logits.size());
  std::vector<double> weights(k);
  Time(state, [&](double uniform) {
    std::iota(order.begin(), order.end(), 0);
    const auto at = [&](int32_t i) { return logits[static_cast<size_t>(i)]; };
    std::partial_sort(order.begin(),
                      order.begin() + static_cast<ptrdiff_t>(k),
                      order.end(),
                      [&](int32_t a, int32_t b) { return at(a) > at(b); });
    const float max = at(order[0]);
    for (size_t i = 0; i < k; ++i)
      weights[i] = std::exp((double{at(order[i])} - max) / params.temperature);
    const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
    double kept = 0.0;
    for (size_t i = 0; i < k && kept < params.top_p * total; ++i) kept += weights[i];
    size_t chosen = 0;
    double sum = weights[0];
    while (sum <= uniform * kept && chosen + 1 < k) sum += weights[++chosen];
    float all = 0.0F;
    for (const float x : logits) all += std::exp(x - max);
    benchmark::DoNotOptimize(all);
    return order[chosen];
  });
}

void Multinomial(benchmark::State& state, const SamplingParams& params) {
  const c10::InferenceMode inference;
  at::set_num_threads(1);
  std::vector<float> values = Logits(state.range(0));
  const at::Tensor logits = at::from_blob(values.data(), {state.range(0)});
  Time(state, [&](double) {
    const at::Tensor logprobs = at::log_softmax(logits, 0);
    const at::Tensor token = at::multinomial(at::softmax(logits / params.temperature, 0), 1);
    return logprobs.index_select(0, token).item<float>();
  });
}

void Vocabularies(benchmark::internal::Benchmark* benchmark) {
  benchmark->Arg(1024)->Arg(32000)->Arg(151936)->Unit(benchmark::kMicrosecond);
}

BENCHMARK_CAPTURE(Sample, temperature_1, Params(1.0, 0, 1.0))->Apply(Vocabularies);
BENCHMARK_CAPTURE(Multinomial, temperature_1, Params(1.0, 0, 1.0))->Apply(Vocabularies);
BENCHMARK_CAPTURE(Sample, temperature_0_7, Params(0.7, 0, 1.0))->Apply(Vocabularies);
BENCHMARK_CAPTURE(Multinomial, temperature_0_7, Params(0.7, 0, 1.0))->Apply(Vocabularies);
BENCHMARK_CAPTURE(Sample, greedy, Params(0.0, 0, 1.0))->Apply(Vocabularies);
BENCHMARK_CAPTURE(Sample, top_k_40, Params(0.7, 40, 1.0))->Apply(Vocabularies);
BENCHMARK_CAPTURE(Sort, top_k_40, Params(0.7, 40, 1.0))->Apply(Vocabularies);
BENCHMARK_CAPTURE(Sample, top_p_0_95, Params(0.7, 0, 0.95))->Apply(Vocabularies);
BENCHMARK_CAPTURE(Sort, top_p_0_95, Params(0.7, 0, 0.95))->Apply(Vocabularies);
BENCHMARK_CAPTURE(Sample, top_k_40_top_p_0_95, Params(0.7, 40, 0.95))->Apply(Vocabularies);
BENCHMARK_CAPTURE(Sort, top_k_40_top_p_0_95, Params(0.7, 40, 0.95))->Apply(Vocabularies);

}  // namespace
}  // namespace restem
