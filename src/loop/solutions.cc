#include "loop/solutions.h"

#include <fmt/format.h>

#include <numeric>

#include "model/score.h"
#include "text/completion.h"

namespace restem {

absl::StatusOr<std::vector<TrainingExample>> SolutionExamples(const JobInputs& inputs,
                                                              const ProblemSet& set,
                                                              std::string_view needed_by) {
  if (!inputs.solution_end) {
    return InvalidInput(
        fmt::format("{}: no eos_token_id: a solution could not end", inputs.job.model.base));
  }
  std::vector<TrainingExample> examples;
  for (size_t i = 0; i < set.problems.size(); ++i) {
    const Problem& problem = set.problems[i];
    const auto solution = problem.fields.find("solution");
    if (solution == problem.fields.end() || !solution->is_string()) {
      return InvalidInput(fmt::format("{}: problem {} has no text in `solution`, which {} needs",
                                      problem.source,
                                      problem.id,
                                      needed_by));
    }
    TrainingExample example = {problem.id, 0, set.prompts[i], {}, 1.0};
    example.tokens = EncodeCompletion(*inputs.tokenizer,
                                      set.prompt_texts[i],
                                      solution->get<std::string>(),
                                      /*add_special_tokens=*/!inputs.job.prompt.chat);
    example.tokens.push_back(*inputs.solution_end);
    const size_t tokens = example.prompt_tokens.size() + example.tokens.size();
    if (!inputs.base.holds(tokens)) {
      return InvalidInput(
          fmt::format("{}: prompt and solution of problem {} have {} tokens, the model's context "
                      "holds {}",
                      problem.source,
                      problem.id,
                      tokens,
                      inputs.base.max_position_embeddings));
    }
    examples.push_back(std::move(example));
  }
  return examples;
}

absl::StatusOr<double> SolutionScore(const JobInputs& inputs, const Model& model) {
  RESTEM_ASSIGN_OR_RETURN(const auto examples,
                          SolutionExamples(inputs, inputs.validation, kLossNeeds));
  std::vector<ScoreItem> items;
  items.reserve(examples.size());
  for (const TrainingExample& example : examples)
    items.push_back({example.prompt_tokens, example.tokens});
  std::vector<double> sums(examples.size());
  RESTEM_RETURN_IF_ERROR(ScoreAll(model, items, inputs.lanes, [&](size_t i, const Scored& scored) {
    sums[i] = std::accumulate(scored.logprobs.begin(), scored.logprobs.end(), 0.0);
  }));
  double sum = 0.0;
  double tokens = 0.0;
  for (size_t i = 0; i < examples.size(); ++i) {
    sum += sums[i];
    tokens += static_cast<double>(examples[i].tokens.size());
  }
  return sum / tokens;
}

}  // namespace restem
