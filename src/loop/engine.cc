#include "loop/engine.h"

#include "model/checkpoint.h"
#include "sampler/batch_engine.h"

namespace restem {

std::unique_ptr<SamplingEngine> MakeEngine(const JobInputs& inputs, Model model) {
  const int64_t rows = inputs.job.sampler.batch_tokens.value_or(inputs.lanes * kAutoRowsPerLane);
  return std::make_unique<BatchEngine>(
      std::move(model), inputs.tokenizer, BatchEngineOptions{inputs.lanes, rows});
}

absl::StatusOr<std::unique_ptr<SamplingEngine>> LoadEngine(const JobInputs& inputs,
                                                           const std::string& dir) {
  RESTEM_ASSIGN_OR_RETURN(Model model, LoadModel(dir, inputs.bfloat16()));
  return MakeEngine(inputs, std::move(model));
}

}  // namespace restem
