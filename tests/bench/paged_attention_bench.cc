// Attention over pages beside what the GPU's memory can do.
//
//   paged_attention_bench --benchmark_repetitions=5
//
// Arguments: rows, heads, KV heads, head dimension, and rows that share a prompt. Each row sees 800
// keys, 512 of which are the prompt's. The time is that of one layer. of_copy: the bytes of keys
// and values that must be read, a shared prompt's once, together with q and out, a second, as a
// share of the bytes that a copy on the device reads and writes a second.
#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <benchmark/benchmark.h>
#include <c10/core/InferenceMode.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAStream.h>

#include <chrono>
#include <vector>

#include "kernels/paged_attention.h"

namespace restem {
namespace {

namespace cuda = kernels::cuda;

constexpr int64_t kContext = 800;  // keys
constexpr int64_t kPromptPages = 32;
constexpr int64_t kPages = kContext / kernels::kKeysPerPage;  // of a row
// Calls in an iteration, each with keys and values of its own: more than the second-level cache
// holds, and enough for the launches to run ahead.
constexpr int64_t kLayers = 4;

void Check(kernels::CudaError error) { TORCH_CHECK(error == nullptr, error); }

// Seconds that `body` takes on the device, which is idle before.
template <typename Body>
double SecondsOf(Body body) {
  c10::cuda::device_synchronize();
  const auto start = std::chrono::steady_clock::now();
  body();
  c10::cuda::device_synchronize();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Bytes that are read or written in a second where one array is copied to another.
double CopyBandwidth() {
  static const double bandwidth = [] {
    constexpr int64_t kBytes = int64_t{1} << 30;
    constexpr int kCopies = 20;
    const at::Tensor from = at::zeros({kBytes}, at::device(at::kCUDA).dtype(at::kByte));
    at::Tensor to = at::empty_like(from);
    const auto copy = [&] {
      for (int i = 0; i < kCopies; ++i) to.copy_(from);
    };
    SecondsOf(copy);
    return 2.0 * kCopies * static_cast<double>(kBytes) / SecondsOf(copy);
  }();
  return bandwidth;
}

// A step's rows: groups of neighbours with a prompt in common, pages in random order.
class Step {
 public:
  explicit Step(const benchmark::State& state)
      : rows_(state.range(0)),
        shape_{state.range(1), state.range(2), state.range(3), 0.1F},
        options_(at::device(at::kCUDA).dtype(at::kBFloat16)) {
    at::manual_seed(1);
    make_tables(state.range(4));
    const int64_t of_page = shape_.kv_heads * 2 * kernels::kKeysPerPage * shape_.head_dim;
    for (int64_t layer = 0; layer < kLayers; ++layer)
      pools_.push_back(at::randn({pages_, of_page}, options_));
    q_ = at::randn({rows_, shape_.heads, shape_.head_dim}, options_);
    out_ = at::empty_like(q_);
    const auto whole = options_.dtype(at::kInt);
    sequences_ = at::arange(rows_, whole);
    positions_ = at::full({rows_}, kContext - 1, whole);
    prompt_pages_ = at::full({rows_}, kPromptPages, whole);
    room_ = at::empty({cuda::PagedAttentionWorkspaceBytes(shape_, rows_, kContext)},
                      options_.dtype(at::kByte));
  }

  void run() {
    const auto stream = c10::cuda::getCurrentCUDAStream();
    const cuda::PagedBatch batch = {rows_,
                                    sequences_.const_data_ptr<int32_t>(),
                                    positions_.const_data_ptr<int32_t>(),
                                    tables_.const_data_ptr<int32_t>(),
                                    kPages,
                                    prompt_pages_.const_data_ptr<int32_t>(),
                                    kContext};
    const cuda::Workspace workspace = {room_.mutable_data_ptr(), room_.numel()};
    Check(cuda::PlanPagedAttention(shape_, batch, workspace, stream));
    for (const at::Tensor& pool : pools_) {
      Check(cuda::PagedAttention(shape_,
                                 {kernels::Precision::kBfloat16, pool.mutable_data_ptr()},
                                 batch,
                                 q_.const_data_ptr(),
                                 workspace,
                                 out_.mutable_data_ptr(),
                                 stream));
    }
  }

  double bytes_of_layer() const {
    return static_cast<double>(pools_.front().nbytes() + q_.nbytes() + out_.nbytes());
  }

 private:
  void make_tables(int64_t group) {
    const int64_t groups = rows_ / group;
    pages_ = groups * kPromptPages + rows_ * (kPages - kPromptPages);
    const at::Tensor pages = at::randperm(pages_, at::kInt);
    const at::Tensor prompts = pages.slice(0, 0, groups * kPromptPages)
                                   .view({groups, 1, kPromptPages})
                                   .expand({groups, group, kPromptPages})
                                   .reshape({rows_, kPromptPages});
    const at::Tensor own =
        pages.slice(0, groups * kPromptPages).view({rows_, kPages - kPromptPages});
    tables_ = at::cat({prompts, own}, 1).to(at::kCUDA);
  }

  const int64_t rows_;
  const kernels::PagedAttentionShape shape_;
  const at::TensorOptions options_;
  int64_t pages_ = 0;
  std::vector<at::Tensor> pools_;
  at::Tensor tables_, sequences_, positions_, prompt_pages_, q_, out_, room_;
};

void PagedAttention(benchmark::State& state) {
  const c10::InferenceMode inference;
  Step step(state);
  const double bandwidth = CopyBandwidth();
  SecondsOf([&] { step.run(); });
  double total = 0.0;
  for (auto _ : state) {
    const double seconds = SecondsOf([&] { step.run(); }) / kLayers;
    state.SetIterationTime(seconds);
    total += seconds;
  }
  const double rate = step.bytes_of_layer() * static_cast<double>(state.iterations()) / total;
  state.counters["GB/s"] = rate * 1e-9;
  state.counters["of_copy"] = rate / bandwidth;
}

// Qwen2.5 of 0.5, 1.5 and 7 B; prompts for each row, or for 32 samples; and few rows.
void Shapes(benchmark::internal::Benchmark* benchmark) {
  for (const int64_t group : {1, 32}) {
    benchmark->Args({512, 14, 2, 64, group})
        ->Args({512, 12, 2, 128, group})
        ->Args({512, 28, 4, 128, group})
        ->Args({32, 12, 2, 128, group});
  }
  benchmark->Unit(benchmark::kMillisecond)->UseManualTime();
}

// LibTorch is loaded, and with it its CUDA half, before this file's statics are initialised.
[[maybe_unused]] const bool kOnGpu = [] {
  if (!at::hasCUDA()) return false;
  Shapes(benchmark::RegisterBenchmark("PagedAttention/cuda_bfloat16", PagedAttention));
  return true;
}();

}  // namespace
}  // namespace restem
