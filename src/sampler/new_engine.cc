#include "sampler/new_engine.h"

#include <utility>

#include "sampler/batch_engine.h"

namespace restem {

absl::StatusOr<std::unique_ptr<SamplingEngine>> NewEngine(
    Model model, std::shared_ptr<const Tokenizer> tokenizer, const EngineOptions& options) {
  if (options.device == "cuda") return NewCudaEngine(model, std::move(tokenizer), options);
  return std::make_unique<BatchEngine>(
      std::move(model),
      std::move(tokenizer),
      BatchEngineOptions{options.lanes, options.batch_tokens, options.kv_cache_bytes});
}

absl::Status CheckDevice(const std::string& device) {
  return device == "cuda" ? CheckCudaDevice() : absl::OkStatus();
}

}  // namespace restem
