#include "trainer/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/random.h"
#include "data/packing.h"

namespace restem {
namespace {

// Of a lane: what fits a CPU's caches, and what fills a GPU.
constexpr int64_t kAutoTokensOnCpu = 2048;
constexpr int64_t kAutoTokensOnGpu = 8192;

}  // namespace

Plan PlanSteps(std::span<const TrainingExample> examples,
               const TrainOptions& options,
               uint64_t seed,
               uint64_t iteration) {
  Plan plan;
  const auto wanted = static_cast<size_t>(options.max_steps);
  for (int64_t epoch = 0;
       options.max_steps > 0 ? plan.steps.size() < wanted : epoch < options.epochs;
       ++epoch) {
    const RandomStream stream(
        seed, StreamPurpose::kShuffle, iteration, "epoch", static_cast<uint64_t>(epoch));
    for (auto& step : MakeSteps(examples, options.tokens_per_step, stream)) {
      plan.steps.push_back(std::move(step));
    }
    plan.epoch_ends.insert(static_cast<int64_t>(plan.steps.size()));
  }
  if (options.max_steps > 0) plan.steps.resize(wanted);
  return plan;
}

int64_t MicroBatchTokens(const TrainOptions& options, int64_t lanes, at::Device device) {
  const int64_t share = (options.tokens_per_step + lanes - 1) / lanes;
  const int64_t most = device.is_cpu() ? kAutoTokensOnCpu : kAutoTokensOnGpu;
  return options.micro_batch_tokens.value_or(std::min(most, share));
}

absl::Status CheckExample(const TrainingExample& example, const ModelConfig& config) {
  const size_t tokens = example.prompt_tokens.size() + example.tokens.size();
  if (!config.holds(tokens)) {
    return InvalidInput(
        fmt::format("example {}#{} has {} tokens, more than the model's context holds ({})",
                    example.problem,
                    example.sample,
                    tokens,
                    config.max_position_embeddings));
  }
  for (const auto* part : {&example.prompt_tokens, &example.tokens}) {
    for (const int32_t token : *part) {
      if (0 <= token && token < config.vocab_size) continue;
      return InvalidInput(fmt::format("example {}#{}: token {} is outside the vocabulary of {}",
                                      example.problem,
                                      example.sample,
                                      token,
                                      config.vocab_size));
    }
  }
  return absl::OkStatus();
}

}  // namespace restem
