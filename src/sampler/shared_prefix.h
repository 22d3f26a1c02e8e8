// Tokens that all prompts of a run begin with, a job's solved examples say: computed and stored
// once, for all lanes.
#pragma once

#include <span>

#include "model/decoder.h"
#include "model/kv_cache.h"
#include "sampler/engine.h"

namespace restem {

// Length of the longest prefix, in whole pages, that all prompts begin with and that leaves each of
// them at least one token. 0 where there is one request only: its prompt is computed once anyway.
int64_t SharedPrefixLength(std::span<const SampleRequest> requests);

// Computes the keys of `tokens`, whole pages, `max_rows` at a time. The pool has room for them.
KvSequence ComputePrefix(const Model& model,  // packed
                         std::span<const int32_t> tokens,
                         int64_t max_rows,
                         CpuKvPages& pool);

}  // namespace restem
