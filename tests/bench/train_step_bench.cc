// A step of training on a GPU: tokens per second, the share of the GPU's arithmetic that the model
// needs (MFU), memory, and where the time goes.
//
//   train_step_bench --benchmark_filter=cuda
//
// Shapes of Qwen2.5, random weights, bfloat16 over float32 masters, 16,384 tokens a step: eight
// prompts of 128 tokens with four completions of 480 each. mfu: 6 flops a weight that is multiplied
// and token, and attention's, over `peak` (default: an H100's 989 TFLOP/s in bfloat16), whatever is
// computed twice; RESTEM_PEAK_TFLOPS=N sets another. `recompute` computes activations again,
// `offload` keeps masters and moments in the host's memory. The kernels of one step, the longest
// first, go to stderr. cpu/tiny shows on any machine that the program works.
#include <ATen/Context.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/randn.h>
#include <benchmark/benchmark.h>
#include <torch/csrc/autograd/profiler_kineto.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "ops/device.h"
#include "trainer/optimizer.h"
#include "trainer/sharded_model.h"
#include "trainer/step_sums.h"
#include "trainer/step_time.h"

namespace restem {
namespace {

struct Shape {
  std::string name;
  at::Device device;
  int64_t hidden, inner, layers, heads, kv_heads, head_dim, vocab;
  int64_t groups;  // of a step, each a prompt with its completions
};

const Shape kHalf = {"0.5B", {at::kCUDA, 0}, 896, 4864, 24, 14, 2, 64, 151936, 8};
const Shape kOneAndAHalf = {"1.5B", {at::kCUDA, 0}, 1536, 8960, 28, 12, 2, 128, 151936, 8};
const Shape kTiny = {"tiny", at::kCPU, 64, 128, 2, 4, 2, 16, 1000, 1};

constexpr int64_t kPrompt = 128;
constexpr int64_t kCompletion = 480;
constexpr int64_t kCompletions = 4;
constexpr int64_t kMicroBatchTokens = 8192;

Model RandomModel(const Shape& shape) {
  Model model;
  ModelConfig& config = model.config;
  config.model_type = "qwen2";
  config.vocab_size = shape.vocab;
  config.hidden_size = shape.hidden;
  config.intermediate_size = shape.inner;
  config.num_hidden_layers = shape.layers;
  config.num_attention_heads = shape.heads;
  config.num_key_value_heads = shape.kv_heads;
  config.head_dim = shape.head_dim;
  config.max_position_embeddings = 1024;
  config.qkv_bias = true;
  config.tie_word_embeddings = true;
  config.ropes = {{RopeFrequencies(shape.head_dim, 1e6)}};
  model.ropes = RopeTables(config);
  // The same noise again and again: drawing it all would take longer than what is measured.
  const at::Tensor noise = at::randn({1 << 20}).mul_(0.02);
  VisitParameters(config,
                  model.weights,
                  [&](const std::string&, const std::vector<int64_t>& sizes, at::Tensor& tensor) {
                    tensor = at::empty(sizes, at::kFloat);
                    const at::Tensor flat = tensor.view({-1});
                    for (int64_t at = 0; at < flat.numel(); at += noise.numel()) {
                      const int64_t count = std::min(noise.numel(), flat.numel() - at);
                      flat.narrow(0, at, count).copy_(noise.narrow(0, 0, count));
                    }
                    if (sizes.size() == 1) flat.add_(1.0);
                  });
  return model;
}

std::vector<TrainingExample> Examples(const Shape& shape) {
  std::vector<TrainingExample> examples;
  const auto token = [&](int64_t i) { return static_cast<int32_t>((7919 * i + 13) % shape.vocab); };
  for (int64_t group = 0; group < shape.groups; ++group) {
    for (int64_t sample = 0; sample < kCompletions; ++sample) {
      TrainingExample example = {"p" + std::to_string(group), sample, {}, {}, 1.0};
      for (int64_t i = 0; i < kPrompt; ++i) example.prompt_tokens.push_back(token(group * 131 + i));
      for (int64_t i = 0; i < kCompletion; ++i)
        example.tokens.push_back(token(group * 977 + sample * 31 + i * 3));
      examples.push_back(std::move(example));
    }
  }
  return examples;
}

class Training {
 public:
  Training(const Shape& shape, bool recompute, bool offload) {
    const Model model = RandomModel(shape);
    const auto examples = Examples(shape);
    std::vector<size_t> all(examples.size());
    for (size_t i = 0; i < all.size(); ++i) all[i] = i;
    batches_ = PackStep(examples, all, kMicroBatchTokens);
    for (const PackedBatch& batch : batches_) tokens_ += std::ssize(batch.tokens);
    model_ = *ShardedModel::make(
        model,
        {.bfloat16 = true, .recompute = recompute, .device = shape.device, .offload = offload},
        Mesh());
    optimizer_ = std::make_unique<AdamW>(model_->slices(), TrainOptions(), offload ? 16 : 1);
  }

  // Waits for the GPU: it looks at the loss.
  void step() {
    const StepLoss loss = *model_->compute(batches_, 0);
    const StepSums sums =
        *SumOverRanks({.loss = loss}, model_->slices(), model_->gradients(), nullptr);
    optimizer_->step(model_->gradients(), sums.grad_norm, 1e-5);
    model_->refresh();
  }
  int64_t tokens() const { return tokens_; }

 private:
  std::vector<PackedBatch> batches_;
  int64_t tokens_ = 0;
  std::unique_ptr<ShardedModel> model_;
  std::unique_ptr<AdamW> optimizer_;
};

// What the longest of a step's kernels take, all calls of one name together.
void PrintProfile(const std::string& name, const Shape& shape, Training& training) {
  namespace kineto = torch::autograd::profiler;
  using torch::profiler::impl::ActivityType;
  const auto on = shape.device.type();
  const torch::profiler::impl::ProfilerConfig config(torch::profiler::impl::ProfilerState::KINETO);
  const std::set<ActivityType> activities = {on == at::kCPU ? ActivityType::CPU
                                                            : ActivityType::CUDA};
  kineto::prepareProfiler(config, activities);
  kineto::enableProfiler(config, activities);
  training.step();
  const auto profile = kineto::disableProfiler();
  std::map<std::string, std::pair<double, int64_t>> kernels;  // seconds, calls
  double total = 0;
  for (const auto& event : profile->events()) {
    if (event.deviceType() != on) continue;
    const double seconds = static_cast<double>(event.durationNs()) * 1e-9;
    auto& [sum, calls] = kernels[event.name().substr(0, 90)];
    sum += seconds;
    ++calls;
    total += seconds;
  }
  std::vector<std::pair<std::string, std::pair<double, int64_t>>> sorted(kernels.begin(),
                                                                         kernels.end());
  std::ranges::sort(sorted, std::greater(), [](const auto& kernel) { return kernel.second.first; });
  std::fprintf(stderr, "%s: %.1f ms in kernels\n", name.c_str(), 1e3 * total);
  for (size_t i = 0; i < std::min<size_t>(20, sorted.size()); ++i) {
    const auto& [kernel, taken] = sorted[i];
    std::fprintf(stderr,
                 "  %5.1f%% %8.2f ms %6lld calls  %s\n",
                 100.0 * taken.first / total,
                 1e3 * taken.first,
                 static_cast<long long>(taken.second),
                 kernel.c_str());
  }
}

double PeakFlops() {
  const char* given = std::getenv("RESTEM_PEAK_TFLOPS");
  return 1e12 * (given == nullptr ? 989.0 : std::strtod(given, nullptr));
}

double FlopsOf(const Shape& shape, double tokens) {
  const double width = static_cast<double>(shape.heads * shape.head_dim);
  const double kv = static_cast<double>(shape.kv_heads * shape.head_dim);
  const double hidden = static_cast<double>(shape.hidden);
  const double layer = 2 * hidden * (width + kv) + 3 * hidden * static_cast<double>(shape.inner);
  const double context = (kPrompt + kCompletion) / 2.0;
  const double multiplied = static_cast<double>(shape.layers) * (layer + 2 * context * width) +
                            static_cast<double>(shape.vocab) * hidden;
  return 6 * multiplied * tokens;
}

void TrainStep(benchmark::State& state,
               const std::string& name,
               const Shape& shape,
               bool recompute,
               bool offload) {
  Training training(shape, recompute, offload);
  training.step();  // memory, choices of algorithms
  for (auto _ : state) training.step();
  const auto tokens = static_cast<double>(training.tokens() * state.iterations());
  const auto rate = benchmark::Counter::kIsRate;
  state.counters["tokens_per_second"] = {tokens, rate};
  state.counters["mfu"] = {FlopsOf(shape, tokens) / PeakFlops(), rate};
  state.counters["gpu_gb"] = static_cast<double>(PeakDeviceBytes(shape.device)) / 1e9;
  static std::set<std::string> profiled;  // not again with each repetition
  if (profiled.insert(name).second) PrintProfile(name, shape, training);
}

void Register(const Shape& shape, const char* variant, bool recompute, bool offload) {
  const std::string place = shape.device.is_cpu() ? "cpu/" : "cuda/";
  const std::string name = place + shape.name + "/" + variant;
  benchmark::RegisterBenchmark(name.c_str(),
                               [=](benchmark::State& state) {
                                 TrainStep(state, name, shape, recompute, offload);
                                 ReturnCachedMemory(shape.device);
                               })
      ->Unit(benchmark::kMillisecond)
      ->UseRealTime()
      ->Iterations(shape.device.is_cpu() ? 1 : 5);
}

[[maybe_unused]] const bool kRegistered = [] {
  Register(kTiny, "plain", false, false);
  if (!at::hasCUDA()) return false;
  for (const Shape& shape : {kHalf, kOneAndAHalf}) {
    Register(shape, "plain", false, false);
    Register(shape, "recompute", true, false);
    Register(shape, "offload", false, true);
    Register(shape, "recompute+offload", true, true);
  }
  return true;
}();

}  // namespace
}  // namespace restem
