// Training examples made of human solutions: the `solution` field of problems. Used for supervised
// fine-tuning only.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "loop/inputs.h"
#include "model/decoder.h"

namespace restem {

// Who needs solutions.
inline constexpr std::string_view kSftNeeds = "train.examples: solutions";
inline constexpr std::string_view kLossNeeds = "train.early_stop: loss";

// One example per problem: its prompt, and its solution with EOS. InvalidInput where a problem has
// no solution, which `needed_by` (a key of the job) needs, or one beyond the model's context.
absl::StatusOr<std::vector<TrainingExample>> SolutionExamples(const JobInputs& inputs,
                                                              const ProblemSet& set,
                                                              std::string_view needed_by);

// Mean natural log-probability per token of the validation problems' solutions.
absl::StatusOr<double> SolutionScore(const JobInputs& inputs, const Model& model);

}  // namespace restem
