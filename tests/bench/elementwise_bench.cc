// The fused helpers beside LibTorch's own operators for the same: forward, and forward with
// backward, on one thread as in all commands. A helper that is not ahead has no reason to exist.
//
//   elementwise_bench --benchmark_repetitions=5 --benchmark_enable_random_interleaving=true
//
// Arguments: rows, width.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>

#include <functional>
#include <vector>

#include "ops/autograd.h"
#include "ops/glu.h"
#include "ops/rms_norm.h"
#include "ops/rope.h"

namespace restem {
namespace {

constexpr int64_t kHeadDim = 64;
constexpr double kEps = 1e-6;

using Op = std::function<at::Tensor(const std::vector<at::Tensor>&)>;

// Each op with the inputs whose gradient is wanted.
struct Contender {
  Op op;
  std::function<std::vector<at::Tensor>(int64_t rows, int64_t width)> inputs;
};

std::vector<at::Tensor> TwoMatrices(int64_t rows, int64_t width) {
  return {at::randn({rows, width}), at::randn({rows, width})};
}

std::vector<at::Tensor> MatrixAndWeight(int64_t rows, int64_t width) {
  return {at::randn({rows, width}), at::rand({width})};
}

std::vector<at::Tensor> Heads(int64_t rows, int64_t width) {
  return {at::randn({rows, width / kHeadDim, kHeadDim})};
}

at::Tensor Positions(int64_t rows) { return at::arange(rows, at::kInt); }

// As transformers writes it: x·cos + rotate_half(x)·sin.
at::Tensor RotateHalf(const at::Tensor& x, const RopeTable& table) {
  const int64_t rows = x.size(0);
  const auto wide = [&](const at::Tensor& half) {
    return at::cat({half, half}, -1).narrow(0, 0, rows).unsqueeze(1);
  };
  const auto halves = x.chunk(2, -1);
  const auto [cosines, sines] = table.view(rows);
  return x * wide(cosines) + at::cat({-halves[1], halves[0]}, -1) * wide(sines);
}

void Run(benchmark::State& state, const Contender& contender, bool with_backward) {
  at::set_num_threads(1);
  at::manual_seed(1);
  auto inputs = contender.inputs(state.range(0), state.range(1));
  if (with_backward)
    for (at::Tensor& input : inputs) input = MakeLeaf(input);
  const at::Tensor dy = at::randn(contender.op(inputs).sizes());
  for (auto _ : state) {
    const at::Tensor y = contender.op(inputs);
    if (with_backward) benchmark::DoNotOptimize(GradientsOf((y * dy).sum(), inputs));
    benchmark::DoNotOptimize(y);
  }
}

void Register(const std::string& name, const Contender& contender) {
  for (const bool with_backward : {false, true}) {
    const std::string full = name + (with_backward ? "/forward_backward" : "/forward");
    benchmark::RegisterBenchmark(
        full.c_str(), [=](benchmark::State& state) { Run(state, contender, with_backward); })
        ->Args({64, 128})  // a decode step of the quickstart's model
        ->Args({1024, 128})
        ->Args({1024, 896})
        ->Unit(benchmark::kMicrosecond);
  }
}

void RegisterAll() {
  const RopeTable table(2048, RopeFrequencies(kHeadDim, 10000.0));
  Register("rms_norm/restem",
           {[](const auto& x) { return RmsNorm(x[0], x[1], kEps); }, MatrixAndWeight});
  Register("rms_norm/libtorch",
           {[](const auto& x) { return at::rms_norm(x[0], x[1].sizes(), x[1], kEps); },
            MatrixAndWeight});
  Register("swiglu/restem",
           {[](const auto& x) { return Glu(Activation::kSilu, x[0], x[1]); }, TwoMatrices});
  Register("swiglu/libtorch", {[](const auto& x) { return at::silu(x[0]) * x[1]; }, TwoMatrices});
  Register("rope/restem",
           {[table](const auto& x) { return Rope(x[0], Positions(x[0].size(0)), table); }, Heads});
  Register("rope/libtorch", {[table](const auto& x) { return RotateHalf(x[0], table); }, Heads});
}

}  // namespace
}  // namespace restem

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  restem::RegisterAll();
  benchmark::RunSpecifiedBenchmarks();
}
