#include "loop/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "model/checkpoint.h"
#include "model/packed_weights.h"
#include "model/part.h"
#include "sampler/batch_engine.h"
#include "sampler/engine_parts.h"

namespace restem {
namespace {

int64_t PartsOf(const Run& run) { return run.inputs.job.sampler.tensor_parallel_size; }

// This process's part of the model; the others' are not read.
absl::StatusOr<Model> LoadPart(const Run& run, const std::string& dir) {
  RESTEM_ASSIGN_OR_RETURN(const Model whole, LoadModel(dir, run.inputs.bfloat16()));
  RESTEM_ASSIGN_OR_RETURN(Model part,
                          PartOf(whole, {run.team->rank() % PartsOf(run), PartsOf(run)}));
  part.weights = MapWeights(
      part.config, part.weights, [](const at::Tensor& tensor) { return tensor.contiguous(); });
  return part;
}

// Those with the parts of the model that this process has one of.
absl::StatusOr<std::shared_ptr<Group>> FormParts(const Run& run, const std::string& name) {
  const int64_t first = run.team->rank() / PartsOf(run) * PartsOf(run);
  std::vector<std::string> members;
  for (int64_t rank = first; rank < first + PartsOf(run); ++rank) {
    RESTEM_ASSIGN_OR_RETURN(std::string process, run.team->process_of(rank));
    members.push_back(std::move(process));
  }
  return run.team->form_for_call(fmt::format("{} of rank {}", name, first), std::move(members));
}

EngineOptions OptionsOf(const JobInputs& inputs) {
  const Job& job = inputs.job;
  return {.device = job.device,
          .lanes = inputs.lanes,
          .batch_tokens = job.sampler.batch_tokens,
          .kv_cache_bytes = job.sampler.kv_cache_memory,
          .deterministic = job.deterministic};
}

}  // namespace

absl::StatusOr<std::unique_ptr<SamplingEngine>> MakeEngine(const JobInputs& inputs, Model model) {
  return NewEngine(std::move(model), inputs.tokenizer, OptionsOf(inputs));
}

EngineRole RoleIn(const Run& run) {
  if (PartsOf(run) == 1) return EngineRole::kDraws;
  const int64_t first = run.team->rank() / PartsOf(run) * PartsOf(run);
  if (first + PartsOf(run) > run.team->size()) return EngineRole::kIdles;
  return first == run.team->rank() ? EngineRole::kDraws : EngineRole::kServes;
}

absl::StatusOr<std::unique_ptr<SamplingEngine>> LoadEngine(const Run& run,
                                                           const std::string& dir,
                                                           const std::string& name) {
  const JobInputs& inputs = run.inputs;
  if (PartsOf(run) == 1) {
    RESTEM_ASSIGN_OR_RETURN(Model model, LoadModel(dir, inputs.bfloat16()));
    return MakeEngine(inputs, std::move(model));
  }
  RESTEM_ASSIGN_OR_RETURN(std::shared_ptr<Group> group, FormParts(run, name));
  RESTEM_ASSIGN_OR_RETURN(Model part, LoadPart(run, dir));
  if (inputs.on_gpu())
    return NewCudaEngineInParts(part, inputs.tokenizer, OptionsOf(inputs), std::move(group));
  RESTEM_ASSIGN_OR_RETURN(EngineParts parts, FormEngineParts(std::move(group), inputs.lanes));
  const SamplerOptions& options = inputs.job.sampler;
  return std::make_unique<BatchEngine>(
      std::move(part),
      inputs.tokenizer,
      BatchEngineOptions{inputs.lanes, options.batch_tokens, options.kv_cache_memory},
      std::make_unique<LeadingParts>(std::move(parts)));
}

absl::Status ServeEngine(const Run& run, const std::string& dir, const std::string& name) {
  RESTEM_ASSIGN_OR_RETURN(std::shared_ptr<Group> group, FormParts(run, name));
  RESTEM_ASSIGN_OR_RETURN(Model part, LoadPart(run, dir));
  if (run.inputs.on_gpu()) return ServeCudaParts(part, std::move(group));
  RESTEM_ASSIGN_OR_RETURN(EngineParts parts, FormEngineParts(std::move(group), run.inputs.lanes));
  part.weights =
      PackedWeights(part.config, std::move(part.weights), /*keep_dense=*/false, run.inputs.lanes);
  return ServeParts(part, std::move(parts));
}

}  // namespace restem
