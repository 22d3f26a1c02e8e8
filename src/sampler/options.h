// The `sampler` section of a job, and the sampling flags of `restem generate`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/fields.h"
#include "sampler/engine.h"

namespace restem {

// How a token is drawn and where a completion ends: what the job file and the flags share.
// The defaults draw from the model's own distribution.
struct DrawOptions {
  double temperature = 1.0;  // 0: greedy
  int64_t top_k = 0;         // 0: off
  double top_p = 1.0;        // 1: off
  int64_t max_new_tokens = 512;
  std::vector<std::string> stop;

  void visit(config::Fields& f);
};

struct SamplerOptions : DrawOptions {
  SamplerOptions();  // the job file's defaults

  int64_t samples_per_problem = 32;
  int64_t stop_at_correct = 0;             // 0: draw all samples
  std::optional<int64_t> batch_tokens;     // rows of a step; auto: nullopt
  std::optional<int64_t> kv_cache_memory;  // bytes; auto: nullopt
  int64_t tensor_parallel_size = 1;

  void visit(config::Fields& f);
  // Everything but seed, purpose and iteration, which the caller sets.
  SamplingParams params() const;
};

// Flags: --samples --temperature --top-k --top-p --max-new-tokens --stop --ignore-eos
// --batch-tokens --kv-cache-memory
struct GenerateOptions : DrawOptions {
  int64_t samples = 1;
  bool ignore_eos = false;
  std::optional<int64_t> batch_tokens;     // as SamplerOptions
  std::optional<int64_t> kv_cache_memory;  // the same

  void visit(config::Fields& f);
  SamplingParams params() const;
};

}  // namespace restem
