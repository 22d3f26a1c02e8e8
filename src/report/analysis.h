// What follows from a run's numbers: comparisons with the base and with the control, and the best
// iteration.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "eval/compare.h"
#include "report/run_report.h"

namespace restem {

struct IterationAnalysis {
  std::map<std::string, SetComparison> versus_base;          // by test set: base -> this iteration
  std::map<std::string, SetComparison> control_versus_base;  // base -> this iteration's control
  std::map<std::string, SetComparison> versus_control;       // control -> this iteration
};

struct RunAnalysis {
  std::map<int64_t, IterationAnalysis> iterations;  // those after the base that have an evaluation
  std::optional<int64_t> best;                      // see BestIteration
  std::vector<std::string> notes;                   // comparisons that could not be made, and why
};

// pass@1: greedy, or the mean success rate of the drawn samples where greedy decoding was off.
std::optional<double> PassAtOne(const SetResult& set);

// The test set of an iteration, or null.
const SetResult* FindSet(const std::optional<EvalRecord>& record, const std::string& set);

// The iteration (not the base) with the highest pass@1, averaged over the test sets; the earliest
// of equals.
std::optional<int64_t> BestIteration(const RunReport& report);

// The comparison's pass@1 difference of the kind that PassAtOne measures, or null.
const PairedDifference* MainDifference(const SetComparison& comparison);

// Each comparison is a bootstrap: call once per report.
RunAnalysis Analyze(const RunReport& report);

}  // namespace restem
