#include "loop/gpu_forecast.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "loop/estimate.h"
#include "trainer/plan.h"
#include "trainer/step_time.h"

namespace restem {
namespace {

// What is taken to be had of the published figures, and seconds of a hop.
constexpr double kOfFlops = 2.0 / 3.0;
constexpr double kOfLinks = 0.8;
constexpr double kNodeLatency = 10e-6;
constexpr double kNetworkLatency = 20e-6;
constexpr int64_t kGpusPerNode = 8;
constexpr double kSamplesAtOnce = 512;

Cluster ClusterOf(const Gpu& gpu) {
  return {kOfFlops * gpu.flops,
          gpu.memory_bandwidth,
          {kOfLinks * gpu.node_bandwidth, kNodeLatency},
          {kOfLinks * gpu.network_bandwidth, kNetworkLatency},
          kGpusPerNode};
}

ModelShape ShapeOf(const ModelConfig& config) {
  const double end = static_cast<double>(config.vocab_size * config.hidden_size);
  const double ends = config.tie_word_embeddings ? end : 2.0 * end;
  const auto layers = static_cast<double>(config.num_hidden_layers);
  return {layers,
          (static_cast<double>(config.parameter_count()) - ends) / layers,
          end,
          static_cast<double>(config.hidden_size),
          config.tie_word_embeddings};
}

// Tokens that one attends to on average, prompt and half of a completion.
double ContextOf(const JobInputs& inputs) {
  double prompts = 0;
  for (const auto& prompt : inputs.train.prompts) prompts += static_cast<double>(prompt.size());
  const auto count = static_cast<double>(std::max<size_t>(1, inputs.train.prompts.size()));
  return prompts / count + static_cast<double>(inputs.job.sampler.max_new_tokens) / 2.0;
}

Layout LayoutOf(const JobInputs& inputs) {
  const TrainOptions& train = inputs.job.train;
  Layout layout;
  layout.ranks = static_cast<double>(inputs.ranks);
  layout.parts = static_cast<double>(train.tensor_parallel_size);
  layout.shards = train.sharding == "none" ? 1.0
                  : train.sharding == "node"
                      ? std::min(layout.ranks, 1.0 * kGpusPerNode) / layout.parts
                      : layout.data();
  layout.tokens = static_cast<double>(train.tokens_per_step);
  layout.context = ContextOf(inputs) / 2.0;
  layout.recompute = train.gradient_checkpointing;
  const auto at_once =
      static_cast<double>(MicroBatchTokens(train, static_cast<int64_t>(layout.data()), at::kCUDA));
  if (!layout.recompute)
    layout.rounds = std::max(1.0, std::ceil(layout.tokens / layout.data() / at_once));
  return layout;
}

// Weights and keys are read once a step of all samples.
double DrawnTokens(const JobInputs& inputs, const Gpu& gpu) {
  const ModelConfig& model = inputs.base;
  const double weights = 2.0 * static_cast<double>(model.parameter_count());
  const double keys = 4.0 * static_cast<double>(model.num_hidden_layers *
                                                model.num_key_value_heads * model.head_dim);
  const double step = weights + kSamplesAtOnce * ContextOf(inputs) * keys;
  return kSamplesAtOnce * gpu.memory_bandwidth / step;
}

// "1.2 ms".
std::string Seconds(double seconds) {
  return seconds < 1e-3  ? fmt::format("{:.2g} µs", seconds * 1e6)
         : seconds < 1.0 ? fmt::format("{:.3g} ms", seconds * 1e3)
                         : fmt::format("{:.3g} s", seconds);
}

// "3.6 million".
std::string Count(double count) {
  return count < 1e6 ? fmt::format("{:.0f}", count) : fmt::format("{:.3g} million", count / 1e6);
}

}  // namespace

std::vector<std::string_view> GpuNames() {
  std::vector<std::string_view> names;
  for (const Gpu& gpu : kGpus) names.push_back(gpu.name);
  return names;
}

const Gpu* FindGpu(std::string_view name) {
  const auto found = std::ranges::find(kGpus, name, &Gpu::name);
  return found == kGpus.end() ? nullptr : &*found;
}

std::string ForecastOnGpus(const JobInputs& inputs, const Gpu& gpu) {
  const ModelShape model = ShapeOf(inputs.base);
  const Layout layout = LayoutOf(inputs);
  const StepTime step = PredictStep(model, layout, ClusterOf(gpu));
  const double sent = step.shards + step.parts + step.replicas;
  return fmt::format(
      "forecast for {} {}, {} to a node; nothing of it is measured: figures of the maker, of which "
      "products get two thirds, and a model of the step without launches\n"
      "  a step of {} tokens at least {}: computing {}, transfers {}, {} of them meanwhile; "
      "at most {} tokens/s, {:.0f}% MFU{}\n"
      "  training about {}, and activations, on each GPU of {}\n"
      "  drawing at most {} tokens/s on all of them, {:.0f} samples at once on each\n",
      inputs.ranks,
      gpu.name,
      kGpusPerNode,
      inputs.job.train.tokens_per_step,
      Seconds(step.total()),
      Seconds(step.compute),
      Seconds(sent),
      Seconds(step.hidden),
      Count(layout.tokens / step.total()),
      100.0 * step.mfu(model, layout, gpu.flops),
      inputs.job.lora ? "; that is full training, not lora" : "",
      FormatBytes(GpuTrainingBytes(inputs)),
      FormatBytes(gpu.memory),
      Count(DrawnTokens(inputs, gpu) * layout.ranks),
      kSamplesAtOnce);
}

}  // namespace restem
