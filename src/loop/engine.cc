#include "loop/engine.h"

#include "model/checkpoint.h"

namespace restem {

absl::StatusOr<std::unique_ptr<SamplingEngine>> MakeEngine(const JobInputs& inputs, Model model) {
  const Job& job = inputs.job;
  return NewEngine(std::move(model),
                   inputs.tokenizer,
                   {.device = job.device,
                    .lanes = inputs.lanes,
                    .batch_tokens = job.sampler.batch_tokens,
                    .kv_cache_bytes = job.sampler.kv_cache_memory,
                    .deterministic = job.deterministic});
}

absl::StatusOr<std::unique_ptr<SamplingEngine>> LoadEngine(const JobInputs& inputs,
                                                           const std::string& dir) {
  RESTEM_ASSIGN_OR_RETURN(Model model, LoadModel(dir, inputs.bfloat16()));
  return MakeEngine(inputs, std::move(model));
}

}  // namespace restem
