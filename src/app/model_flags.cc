#include "app/model_flags.h"

#include "base/log.h"
#include "loop/inputs.h"
#include "model/adapter.h"
#include "model/checkpoint.h"
#include "sampler/new_engine.h"

namespace restem {

absl::StatusOr<LoadedModel> LoadForCommand(const std::string& dir, const CommonFlags& flags) {
  RESTEM_RETURN_IF_ERROR(CheckDevice(flags.device));
  RESTEM_ASSIGN_OR_RETURN(const std::string base, BaseOf(dir));
  RESTEM_ASSIGN_OR_RETURN(const ModelConfig config, ReadModelConfig(base));
  RESTEM_ASSIGN_OR_RETURN(auto tokenizer, Tokenizer::load(base));
  RESTEM_RETURN_IF_ERROR(CheckTokenizerFits(*tokenizer, config));
  const bool bfloat16 = flags.dtype.empty() ? config.stored_bfloat16 : flags.dtype == "bfloat16";
  RESTEM_ASSIGN_OR_RETURN(Model model, LoadModel(dir, bfloat16));
  for (const std::string& note : config.notes) spdlog::warn("{}: {}", dir, note);
  return LoadedModel{std::move(model), std::move(tokenizer)};
}

}  // namespace restem
