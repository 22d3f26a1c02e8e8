#include "loop/estimate.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/memory.h"
#include "model/adapter.h"
#include "sampler/batch_engine.h"

namespace restem {
namespace {

// Bytes in a journal of a token: its id, its text and one or two log-probs.
constexpr double kJournalBytesPerToken = 30;

struct Needs {
  double parameters = 0;
  double sampled_tokens = 0;    // of an iteration
  double evaluated_tokens = 0;  // of an evaluation
  double weight_bytes = 0;
  double sampling_bytes = 0;
  double training_bytes = 0;
  double disk_bytes = 0;
};

bool Trains(const JobInputs& inputs) { return !inputs.train.problems.empty(); }

double SampledTokens(const JobInputs& inputs) {
  if (inputs.trains_on_solutions()) return 0;
  const SamplerOptions& sampler = inputs.job.sampler;
  return static_cast<double>(inputs.train.problems.size()) *
         static_cast<double>(sampler.samples_per_problem * sampler.max_new_tokens);
}

double EvaluatedTokens(const JobInputs& inputs) {
  const EvaluateOptions& evaluate = inputs.job.evaluate;
  double tokens = 0;
  for (const ProblemSet& set : inputs.tests) {
    tokens += static_cast<double>(set.problems.size()) *
              static_cast<double>(evaluate.samples + (evaluate.greedy ? 1 : 0)) *
              static_cast<double>(evaluate.max_new_tokens);
  }
  return tokens;
}

// Keys and values of completions: as many as run at once, and no more than they may take.
double KvCacheBytes(const JobInputs& inputs, const Machine& machine) {
  const Job& job = inputs.job;
  const ModelConfig& model = inputs.base;
  const int64_t heads =
      std::max<int64_t>(1, model.num_key_value_heads / job.sampler.tensor_parallel_size);
  const double per_token = static_cast<double>(model.num_hidden_layers * heads *
                                               ((model.head_dim + 15) / 16 * 16) * 2 * 4);
  const int64_t rows = BatchEngineOptions{inputs.lanes, job.sampler.batch_tokens, {}}.max_rows();
  const int64_t tokens = Trains(inputs) ? job.sampler.max_new_tokens : job.evaluate.max_new_tokens;
  const auto& limit = job.sampler.kv_cache_memory;
  return std::min(static_cast<double>(rows * tokens) * per_token,
                  limit ? static_cast<double>(*limit) : machine.memory / 2);
}

double TrainedCount(const JobInputs& inputs) {
  const auto& lora = inputs.job.lora;
  return static_cast<double>(lora ? AdapterParameterCount(inputs.base, *lora)
                                  : inputs.base.parameter_count());
}

double WeightBytes(const JobInputs& inputs) {
  return static_cast<double>(inputs.base.parameter_count()) * (inputs.bfloat16() ? 2.0 : 4.0);
}

// Processes that share out what each has a part of.
double Shards(const JobInputs& inputs) {
  const TrainOptions& train = inputs.job.train;
  const double with_a_part =
      static_cast<double>(inputs.ranks) / static_cast<double>(train.tensor_parallel_size);
  return train.sharding == "none" ? 1.0 : std::max(1.0, with_a_part);
}

// Parameters in one piece: two layers and the larger end.
double AtOnce(const JobInputs& inputs) {
  const ModelConfig& model = inputs.base;
  const double end = static_cast<double>(model.vocab_size * model.hidden_size);
  const double ends = model.tie_word_embeddings ? end : 2.0 * end;
  return end + 2.0 * (TrainedCount(inputs) - ends) / static_cast<double>(model.num_hidden_layers);
}

}  // namespace

// Master weights, two moments, best weights, and gradients once per thread; with an adapter of it
// alone, beside the base. Of what is on a GPU there are copies for a checkpoint, and the best.
double TrainingBytes(const JobInputs& inputs, int64_t threads) {
  const Job& job = inputs.job;
  const auto lanes = static_cast<double>(threads);
  const double trained = TrainedCount(inputs);
  const double weight_bytes = WeightBytes(inputs);
  const bool whole = job.lora || job.deterministic;
  const auto parts = static_cast<double>(job.train.tensor_parallel_size);
  const double ranks = Shards(inputs);
  if (inputs.on_gpu())
    return trained / ranks / parts * (20.0 + (job.train.offload_optimizer ? 16.0 : 0.0));
  const double saved = inputs.ranks > 1 ? 16.0 : 0.0;  // copies for a checkpoint, beside training
  if (whole || !(ranks > 1.0 || parts > 1.0 || job.train.gradient_checkpointing)) {
    return trained * (4.0 * (4.0 + lanes) + saved) +
           (inputs.bfloat16() || job.lora ? weight_bytes : 0.0);
  }
  // A gradient, and what is computed with, of this process's share of its part; what is in one
  // piece, and its gradients for each thread.
  const double compute = inputs.bfloat16() ? 2.0 : 4.0;
  return (trained / ranks * (20.0 + saved + (inputs.bfloat16() ? 2.0 : 0.0)) +
          AtOnce(inputs) * ((ranks > 1.0 ? compute : 0.0) + 4.0 * lanes)) /
         parts;
}

// What is computed with, master weights, gradient and moments, unless these are in the host's
// memory; what is in one piece, and its gradient.
double GpuTrainingBytes(const JobInputs& inputs) {
  const Job& job = inputs.job;
  const double trained = TrainedCount(inputs);
  const double head = static_cast<double>(inputs.base.vocab_size * inputs.base.hidden_size);
  if (job.lora) return WeightBytes(inputs) + 16.0 * trained + 4.0 * head;  // lm_head's gradient
  // float32 masters on the GPU are computed with as they are.
  const bool copies = inputs.bfloat16() || job.train.offload_optimizer;
  const double compute = !copies ? 0.0 : inputs.bfloat16() ? 2.0 : 4.0;
  const double gathered = inputs.bfloat16() ? 2.0 : 4.0;
  const double ranks = Shards(inputs);
  return (trained / ranks * (compute + (job.train.offload_optimizer ? 0.0 : 16.0)) +
          AtOnce(inputs) * ((ranks > 1.0 ? gathered : 0.0) + 4.0)) /
         static_cast<double>(job.train.tensor_parallel_size);
}

std::string FormatBytes(double bytes) {
  for (const char* unit : {"B", "KB", "MB", "GB"}) {
    if (bytes < 1000.0) return fmt::format("{:.3g} {}", bytes, unit);
    bytes /= 1000.0;
  }
  return fmt::format("{:.3g} TB", bytes);
}

namespace {

Needs NeedsOf(const JobInputs& inputs, const Machine& machine) {
  const Job& job = inputs.job;
  Needs needs;
  needs.parameters = static_cast<double>(inputs.base.parameter_count());
  needs.sampled_tokens = SampledTokens(inputs);
  needs.evaluated_tokens = EvaluatedTokens(inputs);
  needs.weight_bytes = WeightBytes(inputs);
  const auto parts = static_cast<double>(job.sampler.tensor_parallel_size);
  needs.sampling_bytes = needs.weight_bytes / parts + KvCacheBytes(inputs, machine);
  needs.disk_bytes = needs.evaluated_tokens * kJournalBytesPerToken;  // the base
  if (!Trains(inputs)) return needs;
  const double trained = TrainedCount(inputs);
  needs.training_bytes = TrainingBytes(inputs, inputs.lanes);
  const double checkpoint_bytes = job.lora ? trained * 4.0 : needs.weight_bytes;
  const double models = job.control == "none" ? 1 : 2;  // trained in an iteration
  needs.disk_bytes +=
      static_cast<double>(job.em.iterations) *
          (models * (checkpoint_bytes + needs.evaluated_tokens * kJournalBytesPerToken) +
           needs.sampled_tokens * kJournalBytesPerToken) +
      trained * 16.0;  // the trainer's state
  return needs;
}

std::string Count(double count) {
  return count < 999.5e6 ? fmt::format("{:.3g} million", count / 1e6)
                         : fmt::format("{:.3g} billion", count / 1e9);
}

std::string Warnings(const JobInputs& inputs, const Needs& needs, const Machine& machine) {
  std::string text;
  const auto warn = [&](const char* what, double bytes, double has, const char* advice) {
    if (bytes > has)
      text += fmt::format("warning: {} about {}, the machine has {}{}\n",
                          what,
                          FormatBytes(bytes),
                          FormatBytes(has),
                          advice);
  };
  if (!inputs.on_gpu())
    warn("sampling needs",
         needs.sampling_bytes,
         machine.memory,
         needs.weight_bytes < machine.memory ? ": a smaller sampler.kv_cache_memory" : "");
  warn("training needs",
       needs.training_bytes,
       machine.memory,
       inputs.job.lora ? ": fewer threads" : ": fewer threads, more processes, or a lora section");
  if (machine.free_disk)
    warn("the run writes", needs.disk_bytes, *machine.free_disk, " free at `output`");
  return text;
}

}  // namespace

Machine MachineOf(const Job& job) {
  Machine machine = {.memory = static_cast<double>(MachineMemoryBytes())};
  std::filesystem::path folder = std::filesystem::absolute(job.run_directory());
  std::error_code error;
  while (!std::filesystem::exists(folder, error) && folder.has_relative_path())
    folder = folder.parent_path();
  const auto space = std::filesystem::space(folder, error);
  if (!error) machine.free_disk = static_cast<double>(space.available);
  return machine;
}

std::string DescribeNeeds(const JobInputs& inputs, const Machine& machine) {
  const Needs needs = NeedsOf(inputs, machine);
  const bool trains = Trains(inputs);
  std::string text = fmt::format("model: {} with {} parameters, {}\n",
                                 inputs.base.model_type,
                                 Count(needs.parameters),
                                 inputs.job.model.dtype);
  text += trains ? fmt::format(
                       "estimate per iteration, at most: {} sampled tokens, {} for "
                       "evaluation\n",
                       Count(needs.sampled_tokens),
                       Count(needs.evaluated_tokens))
                 : fmt::format("estimate, at most: {} tokens\n", Count(needs.evaluated_tokens));
  if (inputs.on_gpu() && trains) {
    text += fmt::format("GPU memory: training about {}{} and its activations\n",
                        FormatBytes(GpuTrainingBytes(inputs)),
                        inputs.ranks > 1 ? fmt::format(" on each of {}", inputs.ranks) : "");
  }
  text += fmt::format(
      "memory: sampling {}{}; the machine has {}\n",
      inputs.on_gpu() ? "on the GPU" : "about " + FormatBytes(needs.sampling_bytes),
      trains ? fmt::format(
                   ", training about {}{}{}",
                   FormatBytes(needs.training_bytes),
                   inputs.ranks > 1 ? fmt::format(" for each of {} processes", inputs.ranks) : "",
                   inputs.on_gpu() ? " beside the GPU" : " and its activations")
             : "",
      FormatBytes(machine.memory));
  text += fmt::format("disk: at most about {} for the whole run\n", FormatBytes(needs.disk_bytes));
  return text + Warnings(inputs, needs, machine);
}

}  // namespace restem
