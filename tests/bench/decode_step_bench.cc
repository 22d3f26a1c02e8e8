// A decode step of the GPU's engine beside what the memory's bandwidth allows, and where its time
// goes.
//
//   decode_step_bench --benchmark_repetitions=5
//
// Argument: rows, 32 of which share a prompt of 400 tokens; each has drawn 400 more. Weights and
// keys are random, in bfloat16. `step` is timed as the engine runs steps: planned by the host,
// launched as graphs, draws read one step later. of_roofline: the time in which the bandwidth of a
// copy on the device reads what a step must read once (weights, own keys and values, a prompt's
// once for its group), as a share of the step's time. `kernels` runs a step's kernels one by one,
// an event behind each: microseconds by kernel, all layers together.
#include <benchmark/benchmark.h>
#include <cuda_bf16.h>
#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "sampler/cuda/step_runner.h"

namespace restem::cuda {
namespace {

constexpr int64_t kGroup = 32;
constexpr int64_t kPrompt = 400;  // whole pages
constexpr int64_t kContext = 800;

void Must(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  std::exit(1);
}
void Must(cudaError_t error) { Must(Check(error, "the benchmark")); }
template <typename T>
T Must(absl::StatusOr<T> value) {
  Must(value.status());
  return *std::move(value);
}

ModelConfig Qwen25(const std::string& size) {
  ModelConfig config;
  config.model_type = "qwen2";
  config.vocab_size = 151936;
  config.max_position_embeddings = 2048;
  config.qkv_bias = true;
  config.tie_word_embeddings = size != "7B";
  if (size == "0.5B") {
    config.hidden_size = 896, config.intermediate_size = 4864, config.num_hidden_layers = 24;
    config.num_attention_heads = 14, config.num_key_value_heads = 2, config.head_dim = 64;
  } else if (size == "1.5B") {
    config.hidden_size = 1536, config.intermediate_size = 8960, config.num_hidden_layers = 28;
    config.num_attention_heads = 12, config.num_key_value_heads = 2, config.head_dim = 128;
  } else {
    config.hidden_size = 3584, config.intermediate_size = 18944, config.num_hidden_layers = 28;
    config.num_attention_heads = 28, config.num_key_value_heads = 4, config.head_dim = 128;
    config.vocab_size = 152064;
  }
  return config;
}

// Small random numbers of the precision, again and again.
void Fill(void* to, int64_t bytes) {
  static const std::vector<__nv_bfloat16> noise = [] {
    std::mt19937 engine(1);
    std::normal_distribution<float> normal(0.0F, 0.02F);
    std::vector<__nv_bfloat16> values(size_t{1} << 24);
    for (auto& value : values) value = __float2bfloat16(normal(engine));
    return values;
  }();
  const auto most = static_cast<int64_t>(noise.size() * sizeof(noise[0]));
  for (int64_t at = 0; at < bytes; at += most) {
    Must(Upload(noise.data(), std::min(most, bytes - at), static_cast<char*>(to) + at));
  }
}

// Weights of a shape, and how many bytes of them a step reads.
class RandomModel {
 public:
  explicit RandomModel(const ModelConfig& config) {
    model_.config = config;
    model_.vocabulary = config.vocab_size;
    model_.attention = {
        config.num_attention_heads, config.num_key_value_heads, config.head_dim, 0.1F};
    const int64_t hidden = config.hidden_size;
    const int64_t q = config.num_attention_heads * config.head_dim;
    const int64_t qkv = q + 2 * config.num_key_value_heads * config.head_dim;
    for (int64_t i = 0; i < config.num_hidden_layers; ++i) {
      model_.layers.push_back({.input_norm = vector(hidden),
                               .qkv = matrix(qkv, hidden),
                               .qkv_bias = vector(qkv),
                               .o = matrix(hidden, q),
                               .mlp_input_norm = vector(hidden),
                               .gate_up = matrix(2 * config.intermediate_size, hidden),
                               .down = matrix(hidden, config.intermediate_size)});
    }
    model_.norm = vector(hidden);
    model_.lm_head = matrix(config.vocab_size, hidden);
    model_.embed_tokens = model_.lm_head;
    model_.cosines = vector(config.max_position_embeddings * config.head_dim / 2);
    model_.sines = vector(config.max_position_embeddings * config.head_dim / 2);
  }

  const DeviceModel& get() const { return model_; }
  double bytes() const { return bytes_; }

 private:
  const void* matrix(int64_t out, int64_t in) { return filled(2 * out * in); }
  const float* vector(int64_t size) { return static_cast<const float*>(filled(4 * size)); }
  const void* filled(int64_t bytes) {
    model_.memory.push_back(Must(AllocateDevice(bytes, "weights")));
    Fill(model_.memory.back().data(), bytes);
    bytes_ += static_cast<double>(bytes);
    return model_.memory.back().data();
  }

  DeviceModel model_;
  double bytes_ = 0.0;
};

// Groups of samples amid their completions.
class Batch {
 public:
  Batch(const DeviceModel& model, int64_t rows, cudaStream_t stream) : model_(model), rows_(rows) {
    const int64_t own = PagesFor(kContext) - kPrompt / kernels::kKeysPerPage;
    const int64_t prompts = (rows + kGroup - 1) / kGroup * (kPrompt / kernels::kKeysPerPage);
    pages_ = Must(DeviceKvPages::create(model, prompts + rows * own, stream));
    for (int64_t layer = 0; layer < model.config.num_hidden_layers; ++layer) {
      Fill(pages_->layer(layer).data,
           (prompts + rows * own) * DeviceKvPages::page_bytes(model) /
               model.config.num_hidden_layers);
    }
    KvSequence prompt(*pages_);
    for (int64_t row = 0; row < rows; ++row) {
      if (row % kGroup == 0) {
        prompt.clear();
        prompt.reserve(kPrompt);
        prompt.set_keys(kPrompt);
      }
      sequences_.push_back(*prompt.fork());
      sequences_.back().reserve(kContext);
      step_.draw({sequences_.back().pages(), kPrompt / kernels::kKeysPerPage},
                 {.slot = static_cast<int32_t>(row), .given = 5, .position = kContext - 1});
    }
  }

  const PlannedStep& step() const { return step_; }
  const DeviceKvPages& pages() const { return *pages_; }
  StepShape most() const { return {rows_, 0, 1024}; }
  double key_bytes() const {
    const int64_t keys = rows_ * (kContext - kPrompt) + (rows_ + kGroup - 1) / kGroup * kPrompt;
    return static_cast<double>(DeviceKvPages::page_bytes(model_)) *
           static_cast<double>(keys / kernels::kKeysPerPage);
  }

 private:
  const DeviceModel& model_;
  const int64_t rows_;
  std::unique_ptr<DeviceKvPages> pages_;
  std::vector<KvSequence> sequences_;
  PlannedStep step_;
};

// Milliseconds between two events behind `work`.
template <typename Work>
double Milliseconds(cudaStream_t stream, Work work) {
  cudaEvent_t begin = nullptr;
  cudaEvent_t end = nullptr;
  Must(cudaEventCreate(&begin));
  Must(cudaEventCreate(&end));
  Must(cudaEventRecord(begin, stream));
  work();
  Must(cudaEventRecord(end, stream));
  Must(cudaEventSynchronize(end));
  float milliseconds = 0.0F;
  Must(cudaEventElapsedTime(&milliseconds, begin, end));
  cudaEventDestroy(begin);
  cudaEventDestroy(end);
  return milliseconds;
}

// Bytes that are read or written in a second where one array is copied to another.
double CopyBandwidth() {
  constexpr int64_t kBytes = int64_t{1} << 30;
  constexpr int kCopies = 20;
  const DeviceBuffer from = Must(AllocateDevice(kBytes, "a copy"));
  const DeviceBuffer to = Must(AllocateDevice(kBytes, "a copy"));
  const auto copy = [&] {
    for (int i = 0; i < kCopies; ++i)
      Must(cudaMemcpyAsync(to.data(), from.data(), kBytes, cudaMemcpyDeviceToDevice, nullptr));
  };
  Milliseconds(nullptr, copy);
  return 2.0 * kCopies * static_cast<double>(kBytes) * 1e3 / Milliseconds(nullptr, copy);
}

SamplingParams Sampling() {
  SamplingParams params;
  params.temperature = 0.7;
  params.top_k = 40;  // the job file's defaults
  params.ignore_eos = true;
  return params;
}

void StepBench(benchmark::State& state, const std::string& size) {
  const RandomModel model(Qwen25(size));
  const Stream stream = Must(NewStream());
  const Batch batch(model.get(), state.range(0), stream.get());
  const auto runner = Must(StepRunner::create(
      model.get(), batch.pages(), {batch.most(), Sampling(), false}, stream.get()));
  for (int i = 0; i < 3; ++i) {  // as it is, recorded, launched as a graph
    Must(runner->launch(batch.step()));
    Must(runner->collect().status());
  }
  Must(runner->launch(batch.step()));
  for (auto _ : state) {
    Must(runner->launch(batch.step()));
    Must(runner->collect().status());
  }
  Must(runner->collect().status());
  const double seconds = (model.bytes() + batch.key_bytes()) / CopyBandwidth();
  state.counters["tokens_per_second"] = benchmark::Counter(
      static_cast<double>(state.range(0)), benchmark::Counter::kIsIterationInvariantRate);
  state.counters["of_roofline"] =
      benchmark::Counter(seconds, benchmark::Counter::kIsIterationInvariantRate);
}

// Microseconds of a step's kernels by their names.
std::map<std::string, double> ProfileOf(DecoderContext context,
                                        const StepShape& shape,
                                        const StepInput& input,
                                        cudaStream_t stream) {
  std::vector<std::pair<std::string, cudaEvent_t>> events;
  const auto mark = [&](const char* name) {
    cudaEvent_t event = nullptr;
    Must(cudaEventCreate(&event));
    Must(cudaEventRecord(event, stream));
    events.emplace_back(name, event);
  };
  mark("");
  context.watch = mark;
  Must(LaunchStep(context, shape, input, stream));
  Must(cudaStreamSynchronize(stream));
  std::map<std::string, double> profile;
  for (size_t i = 1; i < events.size(); ++i) {
    float milliseconds = 0.0F;
    Must(cudaEventElapsedTime(&milliseconds, events[i - 1].second, events[i].second));
    profile[events[i].first] += 1e3 * static_cast<double>(milliseconds);
  }
  for (const auto& [name, event] : events) cudaEventDestroy(event);
  return profile;
}

void KernelBench(benchmark::State& state, const std::string& size) {
  const RandomModel model(Qwen25(size));
  const Stream stream = Must(NewStream());
  const Batch batch(model.get(), state.range(0), stream.get());
  const StepShape shape = batch.most();
  const DeviceBuffer room =
      Must(AllocateDevice(StepRoom::Bytes(model.get(), shape), "activations"));
  const int64_t bytes = StepInput::Bytes(shape, shape.rows());
  std::vector<char> on_host(static_cast<size_t>(bytes));
  batch.step().write(shape, StepInput::In(on_host.data(), shape));
  const DeviceBuffer input = Must(UploadNew<char>(on_host, "a step's input"));
  const SamplingParams params = Sampling();
  const DecoderContext context = {model.get(),
                                  batch.pages(),
                                  StepRoom::In(room.data(), model.get(), shape),
                                  {{params.temperature, params.top_k, params.top_p}, nullptr, 0}};
  std::map<std::string, double> total;
  for (auto _ : state) {
    for (const auto& [name, microseconds] :
         ProfileOf(context, shape, StepInput::In(input.data(), shape), stream.get()))
      total[name] += microseconds;
  }
  for (const auto& [name, microseconds] : total)
    state.counters[name] = benchmark::Counter(microseconds, benchmark::Counter::kAvgIterations);
}

void Register() {
  int devices = 0;
  if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) return;
  for (const char* size : {"0.5B", "1.5B", "7B"}) {
    const std::string name = "cuda/qwen2.5-" + std::string(size);
    auto* step = benchmark::RegisterBenchmark((name + "/step").c_str(), StepBench, size);
    for (const int64_t rows : {64, 512}) step->Arg(rows);
    step->UseRealTime()->Unit(benchmark::kMillisecond);
    benchmark::RegisterBenchmark((name + "/kernels").c_str(), KernelBench, size)
        ->Arg(512)
        ->UseRealTime()
        ->Unit(benchmark::kMillisecond);
  }
}

const bool registered = (Register(), true);

}  // namespace
}  // namespace restem::cuda
