// The log-prob op beside the matrix products that it cannot do without.
//
//   build/release/tests/bench/linear_logprob_bench --benchmark_repetitions=3
//       --benchmark_enable_random_interleaving=true --benchmark_report_aggregates_only=true
//
// Arguments: rows, width, vocabulary, threads. Compare medians: Forward with Product, and
// ForwardBackward with ThreeProducts.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>
#include <c10/core/InferenceMode.h>

#include "ops/autograd.h"
#include "ops/linear_logprob.h"

namespace restem {
namespace {

struct Operands {
  at::Tensor hidden;   // [rows, width] float32
  at::Tensor weight;   // [vocab, width]
  at::Tensor targets;  // [rows]
  at::Tensor weights;  // [rows]
};

Operands Make(const benchmark::State& state, at::ScalarType type) {
  at::manual_seed(1);
  at::set_num_threads(static_cast<int>(state.range(3)));
  const int64_t rows = state.range(0);
  const int64_t vocab = state.range(2);
  return {at::randn({rows, state.range(1)}),
          (at::randn({vocab, state.range(1)}) * 0.02).to(type),
          at::randint(vocab, {rows}, at::kInt),
          at::full({rows}, 1.0F / static_cast<float>(rows))};
}

void Product(benchmark::State& state, at::ScalarType type) {
  const c10::InferenceMode inference;
  const Operands x = Make(state, type);
  const at::Tensor hidden = x.hidden.to(type);
  for (auto _ : state) benchmark::DoNotOptimize(at::mm(hidden, x.weight.t()));
}

void Forward(benchmark::State& state, at::ScalarType type) {
  const c10::InferenceMode inference;
  const Operands x = Make(state, type);
  for (auto _ : state) benchmark::DoNotOptimize(LinearLogprob(x.hidden, x.weight, x.targets));
}

void ThreeProducts(benchmark::State& state, at::ScalarType type) {
  const c10::InferenceMode inference;
  const Operands x = Make(state, type);
  const at::Tensor hidden = x.hidden.to(type);
  for (auto _ : state) {
    const at::Tensor logits = at::mm(hidden, x.weight.t());
    benchmark::DoNotOptimize(at::mm(logits, x.weight));
    benchmark::DoNotOptimize(at::mm(logits.t(), hidden));
  }
}

void ForwardBackward(benchmark::State& state, at::ScalarType type) {
  const Operands x = Make(state, type);
  const std::vector<at::Tensor> leaves = {MakeLeaf(x.hidden), MakeLeaf(x.weight)};
  for (auto _ : state) {
    const auto nll = WeightedNll(leaves[0], leaves[1], x.targets, x.weights, /*z_loss=*/0.0);
    benchmark::DoNotOptimize(GradientsOf(nll.loss, leaves));
  }
}

// A vocabulary of Qwen2.5-0.5B's size, and the quickstart's.
void Shapes(benchmark::internal::Benchmark* benchmark) {
  benchmark->Args({2048, 896, 151936, 2})
      ->Args({2048, 128, 1024, 1})
      ->Unit(benchmark::kMillisecond)
      ->UseRealTime();
}

BENCHMARK_CAPTURE(Product, float32, at::kFloat)->Apply(Shapes);
BENCHMARK_CAPTURE(Forward, float32, at::kFloat)->Apply(Shapes);
BENCHMARK_CAPTURE(ThreeProducts, float32, at::kFloat)->Apply(Shapes);
BENCHMARK_CAPTURE(ForwardBackward, float32, at::kFloat)->Apply(Shapes);
BENCHMARK_CAPTURE(Product, bfloat16, at::kBFloat16)->Apply(Shapes);
BENCHMARK_CAPTURE(Forward, bfloat16, at::kBFloat16)->Apply(Shapes);
BENCHMARK_CAPTURE(ThreeProducts, bfloat16, at::kBFloat16)->Apply(Shapes);
BENCHMARK_CAPTURE(ForwardBackward, bfloat16, at::kBFloat16)->Apply(Shapes);

}  // namespace
}  // namespace restem
