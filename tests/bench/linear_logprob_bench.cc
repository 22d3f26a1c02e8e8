// The log-prob op beside the matrix products that it cannot do without.
//
//   export OMP_WAIT_POLICY=passive  # threads would spin between products, into the next benchmark
//   linear_logprob_bench --benchmark_repetitions=3 --benchmark_enable_random_interleaving=true
//
// Compare medians: Forward with Product, and ForwardBackward with ThreeProducts. Arguments: rows,
// width, vocabulary, and on the CPU threads. Where the build has CUDA and the machine a GPU, there
// are also NAME/cuda_bfloat16, whose products are the op's own (cuBLASLt) on whole matrices. All
// with the op's default options, on random numbers.
#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>
#include <c10/core/InferenceMode.h>

#include "ops/autograd.h"
#include "ops/linear_logprob.h"
#if RESTEM_CUDA
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAStream.h>

#include "kernels/matrix_product.h"
#endif

namespace restem {
namespace {

struct Operands {
  at::Tensor hidden;   // [rows, width] float32, on a GPU the weight's dtype
  at::Tensor weight;   // [vocab, width]
  at::Tensor targets;  // [rows]
  at::Tensor weights;  // [rows]
};

Operands Make(const benchmark::State& state, at::ScalarType type, at::Device device = at::kCPU) {
  at::manual_seed(1);
  const int64_t rows = state.range(0);
  const int64_t vocab = state.range(2);
  const at::Tensor hidden = at::randn({rows, state.range(1)}, device);
  return {device.is_cuda() ? hidden.to(type) : hidden,
          (at::randn({vocab, state.range(1)}, device) * 0.02).to(type),
          at::randint(vocab, {rows}, at::device(device).dtype(at::kInt)),
          at::full({rows}, 1.0F / static_cast<float>(rows), device)};
}

Operands MakeOnCpu(const benchmark::State& state, at::ScalarType type) {
  at::set_num_threads(static_cast<int>(state.range(3)));
  return Make(state, type);
}

void Product(benchmark::State& state, at::ScalarType type) {
  const c10::InferenceMode inference;
  const Operands x = MakeOnCpu(state, type);
  const at::Tensor hidden = x.hidden.to(type);
  for (auto _ : state) benchmark::DoNotOptimize(at::mm(hidden, x.weight.t()));
}

void Forward(benchmark::State& state, at::ScalarType type) {
  const c10::InferenceMode inference;
  const Operands x = MakeOnCpu(state, type);
  for (auto _ : state) benchmark::DoNotOptimize(LinearLogprob(x.hidden, x.weight, x.targets));
}

void ThreeProducts(benchmark::State& state, at::ScalarType type) {
  const c10::InferenceMode inference;
  const Operands x = MakeOnCpu(state, type);
  const at::Tensor hidden = x.hidden.to(type);
  for (auto _ : state) {
    const at::Tensor logits = at::mm(hidden, x.weight.t());
    benchmark::DoNotOptimize(at::mm(logits, x.weight));
    benchmark::DoNotOptimize(at::mm(logits.t(), hidden));
  }
}

// As the trainer has it: the weight's gradient is added to a float32 sum.
at::Tensor SumLike(const at::Tensor& weight) {
  return at::zeros(weight.sizes(), weight.options().dtype(at::kFloat));
}

void ForwardBackward(benchmark::State& state, at::ScalarType type) {
  const Operands x = MakeOnCpu(state, type);
  const at::Tensor hidden = MakeLeaf(x.hidden);
  const at::Tensor sum = SumLike(x.weight);
  for (auto _ : state) {
    const auto nll = WeightedNll(hidden, x.weight, x.targets, x.weights, /*z_loss=*/0.0, {}, sum);
    benchmark::DoNotOptimize(GradientsOf(nll.loss, {hidden}));
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

#if RESTEM_CUDA
using kernels::cuda::Factor;

// Everything on a GPU is timed to its end: an iteration is the op and the wait for it.
template <typename Body>
void TimeOnGpu(benchmark::State& state, Body body) {
  body();  // loads kernels, makes cuBLASLt's handle, fills the allocator's cache
  c10::cuda::device_synchronize();
  for (auto _ : state) {
    body();
    c10::cuda::device_synchronize();
  }
}

kernels::Precision PrecisionOf(const at::Tensor& matrix) {
  return matrix.scalar_type() == at::kFloat ? kernels::Precision::kFloat32
                                            : kernels::Precision::kBfloat16;
}

Factor FactorOf(const at::Tensor& matrix, bool transposed = false) {
  return {{matrix.const_data_ptr(),
           PrecisionOf(matrix),
           matrix.size(0),
           matrix.size(1),
           matrix.stride(0)},
          transposed};
}

// The op's own product, with a workspace of the size that it has there.
class GpuProduct {
 public:
  explicit GpuProduct(const at::Tensor& like)
      : room_(at::empty({kernels::cuda::kProductWorkspaceBytes}, like.options().dtype(at::kByte))) {
  }

  void operator()(const Factor& a, const Factor& b, at::Tensor& out) {
    const kernels::CudaError error = kernels::cuda::Multiply(
        a,
        b,
        /*keep=*/0.0F,
        {out.mutable_data_ptr(), PrecisionOf(out), out.size(0), out.size(1), out.stride(0)},
        {room_.mutable_data_ptr(), room_.numel()},
        c10::cuda::getCurrentCUDAStream());
    TORCH_CHECK(error == nullptr, "product: ", error);
  }

 private:
  at::Tensor room_;
};

at::Tensor LogitsOf(const Operands& x) {
  return at::empty({x.hidden.size(0), x.weight.size(0)}, x.hidden.options());
}

void ProductOnGpu(benchmark::State& state) {
  const c10::InferenceMode inference;
  const Operands x = Make(state, at::kBFloat16, at::kCUDA);
  at::Tensor logits = LogitsOf(x);
  GpuProduct product(x.hidden);
  TimeOnGpu(state, [&] { product(FactorOf(x.hidden), FactorOf(x.weight, true), logits); });
}

void ForwardOnGpu(benchmark::State& state) {
  const c10::InferenceMode inference;
  const Operands x = Make(state, at::kBFloat16, at::kCUDA);
  TimeOnGpu(state, [&] { LinearLogprob(x.hidden, x.weight, x.targets); });
}

// As in the op: logits in bfloat16, gradients in float32, which is what the sums over chunks need.
void ThreeProductsOnGpu(benchmark::State& state) {
  const c10::InferenceMode inference;
  const Operands x = Make(state, at::kBFloat16, at::kCUDA);
  at::Tensor logits = LogitsOf(x);
  at::Tensor dhidden = at::empty(x.hidden.sizes(), x.hidden.options().dtype(at::kFloat));
  at::Tensor dweight = at::empty(x.weight.sizes(), x.weight.options().dtype(at::kFloat));
  GpuProduct product(x.hidden);
  TimeOnGpu(state, [&] {
    product(FactorOf(x.hidden), FactorOf(x.weight, true), logits);
    product(FactorOf(logits), FactorOf(x.weight), dhidden);
    product(FactorOf(logits, true), FactorOf(x.hidden), dweight);
  });
}

void ForwardBackwardOnGpu(benchmark::State& state) {
  const Operands x = Make(state, at::kBFloat16, at::kCUDA);
  const at::Tensor hidden = MakeLeaf(x.hidden);
  const at::Tensor sum = SumLike(x.weight);
  TimeOnGpu(state, [&] {
    const auto nll = WeightedNll(hidden, x.weight, x.targets, x.weights, /*z_loss=*/0.0, {}, sum);
    GradientsOf(nll.loss, {hidden});
  });
}

// Llama 3's vocabulary at 8 B's width, then the vocabularies of Qwen2.5 and Gemma.
void GpuShapes(benchmark::internal::Benchmark* benchmark) {
  benchmark->Args({1024, 4096, 128256})
      ->Args({4096, 4096, 128256})
      ->Args({16384, 4096, 128256})
      ->Args({4096, 3584, 152064})
      ->Args({4096, 3584, 262144})
      ->Unit(benchmark::kMillisecond)
      ->UseRealTime();
}

// LibTorch is loaded, and with it its CUDA half, before this file's statics are initialised.
[[maybe_unused]] const bool kOnGpu = [] {
  if (!at::hasCUDA()) return false;
  GpuShapes(benchmark::RegisterBenchmark("Product/cuda_bfloat16", ProductOnGpu));
  GpuShapes(benchmark::RegisterBenchmark("Forward/cuda_bfloat16", ForwardOnGpu));
  GpuShapes(benchmark::RegisterBenchmark("ThreeProducts/cuda_bfloat16", ThreeProductsOnGpu));
  GpuShapes(benchmark::RegisterBenchmark("ForwardBackward/cuda_bfloat16", ForwardBackwardOnGpu));
  return true;
}();
#endif

}  // namespace
}  // namespace restem
