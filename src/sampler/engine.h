// The sampling engine's interface: requests in, finished samples out, in any order.
// A sample is a function of (weights, prompt, parameters, random key, sample index) alone: not of
// batch, order, thread.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/status.h"
#include "data/types.h"

namespace restem {

// How tokens are drawn. temperature 0 is greedy.
struct SamplingParams {
  double temperature = 1.0;
  int64_t top_k = 0;   // 0: off
  double top_p = 1.0;  // 1: off
  int64_t max_new_tokens = 512;
  std::vector<std::string> stop;  // a completion ends at the first occurrence of any
  bool ignore_eos = false;
  uint64_t seed = 0;
  StreamPurpose purpose = StreamPurpose::kSample;
  uint64_t iteration = 0;
};

// All samples to draw for one prompt.
struct SampleRequest {
  std::string problem;                 // id: part of the random key
  std::vector<int32_t> prompt_tokens;  // at least one
  std::vector<int64_t> samples;        // indices to draw
};

struct GenerationStats {
  int64_t samples = 0;
  int64_t prompt_tokens =
      0;  // computed: a prompt again for each unit that its request is split into
  int64_t generated_tokens = 0;
  double seconds = 0.0;
};

class SamplingEngine {
 public:
  virtual ~SamplingEngine() = default;

  // Draws every sample of every request and hands each to `sink` as it finishes; calls of `sink`
  // never overlap. An error of `sink` and a requested stop end the run early. A prompt that leaves
  // no room in the context is InvalidInput naming the problem.
  using Sink = std::function<absl::Status(Sample&&)>;
  virtual absl::StatusOr<GenerationStats> generate(std::span<const SampleRequest> requests,
                                                   const SamplingParams& params,
                                                   const Sink& sink) = 0;
};

}  // namespace restem
