#include "report/analysis.h"

#include <fmt/format.h>

namespace restem {
namespace {

std::map<std::string, SetComparison> Compare(const std::optional<EvalRecord>& a,
                                             const std::optional<EvalRecord>& b,
                                             std::string_view what,
                                             std::vector<std::string>& notes) {
  std::map<std::string, SetComparison> comparisons;
  if (!a || !b) return comparisons;
  for (const auto& [name, set] : a->sets) {
    const SetResult* other = FindSet(b, name);
    if (other == nullptr) continue;
    auto comparison = CompareSets(set, *other);
    if (comparison.ok()) {
      comparisons.emplace(name, *std::move(comparison));
    } else {
      notes.push_back(
          fmt::format("{}, test set {}: {}", what, name, MessageOf(comparison.status())));
    }
  }
  return comparisons;
}

}  // namespace

std::optional<double> PassAtOne(const SetResult& set) {
  if (set.pass_at_1) return set.pass_at_1;
  const auto drawn = set.pass_at_k.find(1);
  return drawn == set.pass_at_k.end() ? std::nullopt : std::optional(drawn->second);
}

const SetResult* FindSet(const std::optional<EvalRecord>& record, const std::string& set) {
  if (!record) return nullptr;
  const auto it = record->sets.find(set);
  return it == record->sets.end() ? nullptr : &it->second;
}

std::optional<int64_t> BestIteration(const RunReport& report) {
  std::optional<int64_t> best;
  double highest = -1.0;
  for (const IterationReport& iteration : report.iterations) {
    if (iteration.iteration == 0 || report.sets.empty()) continue;
    double sum = 0.0;
    bool complete = true;
    for (const std::string& name : report.sets) {
      const SetResult* set = FindSet(iteration.eval, name);
      const auto pass = set == nullptr ? std::nullopt : PassAtOne(*set);
      complete = complete && pass.has_value();
      sum += pass.value_or(0.0);
    }
    if (!complete || sum <= highest) continue;
    highest = sum;
    best = iteration.iteration;
  }
  return best;
}

const PairedDifference* MainDifference(const SetComparison& comparison) {
  if (comparison.greedy) return &*comparison.greedy;
  const auto drawn = comparison.pass_at_k.find(1);
  return drawn == comparison.pass_at_k.end() ? nullptr : &drawn->second;
}

RunAnalysis Analyze(const RunReport& report) {
  RunAnalysis analysis;
  analysis.best = BestIteration(report);
  const IterationReport* base = report.find(0);
  const std::optional<EvalRecord> nothing;
  const std::optional<EvalRecord>& base_eval = base == nullptr ? nothing : base->eval;
  for (const IterationReport& iteration : report.iterations) {
    if (iteration.iteration == 0 || (!iteration.eval && !iteration.control_eval)) continue;
    const std::string n = fmt::format("iteration {}", iteration.iteration);
    IterationAnalysis& result = analysis.iterations[iteration.iteration];
    result.versus_base =
        Compare(base_eval, iteration.eval, n + " against the base", analysis.notes);
    result.control_versus_base = Compare(
        base_eval, iteration.control_eval, n + ", control against the base", analysis.notes);
    result.versus_control =
        Compare(iteration.control_eval, iteration.eval, n + " against its control", analysis.notes);
  }
  return analysis;
}

}  // namespace restem
