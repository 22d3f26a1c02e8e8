#include "loop/engine.h"

#include "model/checkpoint.h"

namespace restem {

BatchEngineOptions EngineOptions(const JobInputs& inputs) {
  return {inputs.lanes, inputs.job.sampler.batch_tokens, inputs.job.sampler.kv_cache_memory};
}

std::unique_ptr<SamplingEngine> MakeEngine(const JobInputs& inputs, Model model) {
  return std::make_unique<BatchEngine>(std::move(model), inputs.tokenizer, EngineOptions(inputs));
}

absl::StatusOr<std::unique_ptr<SamplingEngine>> LoadEngine(const JobInputs& inputs,
                                                           const std::string& dir) {
  RESTEM_ASSIGN_OR_RETURN(Model model, LoadModel(dir, inputs.bfloat16()));
  return MakeEngine(inputs, std::move(model));
}

}  // namespace restem
