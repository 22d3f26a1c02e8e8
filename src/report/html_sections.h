// The sections of report.html, each empty when the run has nothing for it yet.
#pragma once

#include <map>
#include <string>

#include "report/analysis.h"
#include "report/run_report.h"

namespace restem {

// html_accuracy.cc: held-out accuracy.
std::string AccuracySection(const RunReport& report, const RunAnalysis& analysis);
// pass@k and difficulty bins of one test set, two figures.
std::string PassAtKFigure(const RunReport& report, const std::string& set);
std::string DifficultyFigure(const RunReport& report,
                             const RunAnalysis& analysis,
                             const std::string& set);

// html_learning.cc: what was learned from.
std::string TrainTestFigure(const RunReport& report);
std::string LearningSection(const RunReport& report, const RunAnalysis& analysis);

// html_training.cc: how the M-steps went.
std::string TrainingSection(const RunReport& report);

// html_examples.cc: problems gained and lost.
std::string ExamplesSection(const RunReport& report, const RunAnalysis& analysis);

// Shared by them.
std::string IterationLabel(int64_t iteration);   // "Base", "Iteration 2"
std::string IterationColour(int64_t iteration);  // "i0", "i2"
const SetComparison* FindComparison(const std::map<std::string, SetComparison>& comparisons,
                                    const std::string& set);
const IterationAnalysis* FindAnalysis(const RunAnalysis& analysis, int64_t iteration);
// "good" where the interval lies above zero, "bad" below, "" where it holds zero.
std::string GainStyle(const PairedDifference& difference);

}  // namespace restem
