// Products of a sampling step beside LibTorch's own: few rows, a weight that is used again and
// again. One thread, as in a lane. flops counts multiplications and additions.
//
//   packed_product_bench --benchmark_repetitions=5 --benchmark_enable_random_interleaving=true
//
// Arguments: rows, inputs, outputs. The last shape is an lm_head.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>
#include <c10/core/InferenceMode.h>

#include <functional>
#include <string>
#include <vector>

#include "ops/matrix.h"

namespace restem {
namespace {

// More than the caches hold together, so that weights come from memory, as they do in a model.
constexpr int64_t kWeightBytes = int64_t{256} << 20;

void Run(benchmark::State& state,
         const std::function<void(const at::Tensor& x, size_t weight)>& product,
         size_t weights) {
  const at::Tensor x = at::randn({state.range(0), state.range(1)});
  size_t next = 0;
  for (auto _ : state) product(x, next++ % weights);
  state.counters["flops"] = benchmark::Counter(
      2.0 * static_cast<double>(state.range(0) * state.range(1) * state.range(2)),
      benchmark::Counter::kIsIterationInvariantRate);
}

std::vector<at::Tensor> Weights(const benchmark::State& state, at::ScalarType type) {
  at::set_num_threads(1);
  at::manual_seed(1);
  std::vector<at::Tensor> weights;
  const int64_t bytes = state.range(1) * state.range(2) * 4;
  for (int64_t i = 0; i <= kWeightBytes / bytes; ++i)
    weights.push_back(at::randn({state.range(2), state.range(1)}).to(type));
  return weights;
}

void Packed(benchmark::State& state, at::ScalarType type) {
  const c10::InferenceMode inference;
  std::vector<PackedMatrix> packed;
  for (const at::Tensor& weight : Weights(state, type)) packed.emplace_back(weight);
  Run(
      state,
      [&](const at::Tensor& x, size_t i) { benchmark::DoNotOptimize(packed[i].product(x, {})); },
      packed.size());
}

void LibTorch(benchmark::State& state) {
  const c10::InferenceMode inference;
  const std::vector<at::Tensor> weights = Weights(state, at::kFloat);
  Run(
      state,
      [&](const at::Tensor& x, size_t i) { benchmark::DoNotOptimize(at::linear(x, weights[i])); },
      weights.size());
}

void Register() {
  const auto add = [](const std::string& name, const auto& body) {
    auto* benchmark = benchmark::RegisterBenchmark(name.c_str(), body);
    for (const int64_t rows : {16, 64, 96}) {
      for (const auto& [in, out] :
           {std::pair<int64_t, int64_t>{384, 1024}, {768, 2048}, {2048, 768}, {384, 32000}})
        benchmark->Args({rows, in, out});
    }
  };
  add("packed/float32", [](benchmark::State& state) { Packed(state, at::kFloat); });
  add("packed/bfloat16", [](benchmark::State& state) { Packed(state, at::kBFloat16); });
  add("libtorch/float32", LibTorch);
}

const bool registered = (Register(), true);

}  // namespace
}  // namespace restem
