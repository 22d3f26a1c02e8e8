// Training examples made of human solutions: the `solution` field of problems. Used for supervised
// fine-tuning only.
#pragma once

#include <span>
#include <vector>

#include "base/status.h"
#include "loop/inputs.h"
#include "model/decoder.h"

namespace restem {

// One example per problem: its prompt, and its solution with EOS. InvalidInput where a problem has
// no solution.
absl::StatusOr<std::vector<TrainingExample>> SolutionExamples(const JobInputs& inputs,
                                                              const ProblemSet& set);

// Mean natural log-probability per token of the validation problems' solutions.
absl::StatusOr<double> SolutionScore(const JobInputs& inputs, const Model& model);

}  // namespace restem
