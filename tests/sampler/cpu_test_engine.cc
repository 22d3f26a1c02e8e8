#include "model/kv_cache.h"
#include "sampler/batch_engine.h"
#include "sampler/test_engine.h"

namespace restem::testing {

const bool kSlowEngine = false;

std::unique_ptr<SamplingEngine> NewTestEngine(const Model& model,
                                              std::shared_ptr<const Tokenizer> tokenizer,
                                              const TestBatch& batch) {
  return std::make_unique<BatchEngine>(
      model,
      std::move(tokenizer),
      BatchEngineOptions{batch.lanes, batch.rows, batch.kv_cache_bytes});
}

int64_t TestPageBytes(const ModelConfig& config) { return CpuKvPages::page_bytes(config); }

}  // namespace restem::testing
