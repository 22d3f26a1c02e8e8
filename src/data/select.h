// Which samples an M-step trains on, and with which weight.
//
// Weights. The loss of a step is Σ w·(−log p) / Σ w over its completion tokens. An example's
// `weight` is spread evenly over its tokens: each token's w is weight / tokens.size(). So
//   sample   weight 1: every kept sample counts the same, long or short;
//   problem  weight 1 / (samples kept of its problem): problems count the same;
//   token    weight tokens.size(): every token's w is 1.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "data/options.h"
#include "data/types.h"

namespace restem {

// What a selection is made from. All samples of a problem, in any order, each with a verdict.
struct SelectInput {
  std::span<const Problem> problems;
  std::span<const std::vector<int32_t>> prompts;  // [problems] token ids
  std::span<const Sample> samples;
  std::span<const Verdict> verdicts;
  SelectOptions options;
  std::string_view weighting = "sample";  // sample | problem | token
  uint64_t seed = 0;
  uint64_t iteration = 0;
};

struct SelectStats {
  int64_t problems = 0;           // of the input
  int64_t samples = 0;            // of the input
  int64_t correct = 0;            // samples judged correct
  int64_t errors = 0;             // samples that the verifier failed on: never trained on
  int64_t truncated = 0;          // samples that ran into max_new_tokens, whatever the verdict
  int64_t truncated_correct = 0;  // correct ones among them, dropped unless include_truncated
  int64_t duplicates =
      0;               // correct samples dropped since an earlier one of the problem reads the same
  int64_t capped = 0;  // problems with more left than the cap lets through
  int64_t zero_correct = 0;  // problems without a correct sample
  int64_t kept = 0;          // examples
};

struct Selection {
  std::vector<TrainingExample> examples;  // in the order of problems, then of sample indices
  SelectStats stats;
};

// Keeps correct samples; drops those cut at max_new_tokens (unless include_truncated) and empty
// ones, then repeated texts, then what exceeds the cap, random ones by a stream of (seed,
// iteration, problem). InvalidInput where a sample's problem is unknown, a sample is there twice,
// or has no verdict.
absl::StatusOr<Selection> SelectCorrect(const SelectInput& input);

// The control: of each problem as many samples as SelectCorrect keeps, chosen at random whatever
// their verdict, under the same rules on truncation and repeated texts. What training gains over it
// is owed to the reward alone.
absl::StatusOr<Selection> SelectRandomControl(const SelectInput& input);

}  // namespace restem
