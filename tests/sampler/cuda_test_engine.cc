#include <gtest/gtest.h>

#include "kernels/device_array.h"
#include "sampler/cuda/engine.h"
#include "sampler/test_engine.h"

namespace restem::testing {

#ifdef RESTEM_CUDA_ON_HOST
const bool kSlowEngine = true;
#else
const bool kSlowEngine = false;
#endif

constexpr int64_t kRows = 64;

std::unique_ptr<SamplingEngine> NewTestEngine(const Model& model,
                                              std::shared_ptr<const Tokenizer> tokenizer,
                                              const TestBatch& batch) {
  if (!HasDevice()) return nullptr;
  // The host executor's products have one order of sums, whatever their shape. A GPU's have one for
  // each shape.
  auto engine = cuda::CudaEngine::create(model,
                                         std::move(tokenizer),
                                         {.device = "cuda",
                                          .batch_tokens = kSlowEngine ? batch.rows : kRows,
                                          .kv_cache_bytes = batch.kv_cache_bytes,
                                          .deterministic = batch.same_shape || !kSlowEngine});
  EXPECT_TRUE(engine.ok()) << engine.status();
  return engine.ok() ? *std::move(engine) : nullptr;
}

int64_t TestPageBytes(const ModelConfig& config) {
  return config.num_hidden_layers * config.num_key_value_heads * 2 * kernels::kKeysPerPage *
         config.head_dim * static_cast<int64_t>(sizeof(float));
}

}  // namespace restem::testing
