// The engine that a test program is about: the CPU's, or the one for GPUs, on a GPU or on the host
// executor. The same tests hold for all.
#pragma once

#include <memory>
#include <optional>

#include "model/decoder.h"
#include "sampler/engine.h"
#include "text/tokenizer.h"

namespace restem::testing {

struct TestBatch {
  int64_t lanes = 1;  // on a CPU
  int64_t rows = 64;  // of a step
  std::optional<int64_t> kv_cache_bytes = {};
  bool same_shape = false;  // all steps of a GPU are alike
};

// Null where there is no device for it.
std::unique_ptr<SamplingEngine> NewTestEngine(const Model& model,
                                              std::shared_ptr<const Tokenizer> tokenizer,
                                              const TestBatch& batch);

// Whether the engine runs on the host executor, a thousand times slower than on a GPU.
extern const bool kSlowEngine;
// What a test wants, and what it does with if the engine is slow.
inline int64_t Few(int64_t wanted, int64_t few) { return kSlowEngine ? few : wanted; }

// Of a float32 model, as the engine stores keys and values.
int64_t TestPageBytes(const ModelConfig& config);

}  // namespace restem::testing
