// report.html: one file that needs nothing else, with charts, tables and examples.
#pragma once

#include <string>

#include "base/status.h"
#include "report/analysis.h"
#include "report/comparison.h"
#include "report/run_report.h"

namespace restem {

std::string RenderRunHtml(const RunReport& report, const RunAnalysis& analysis);

// `restem compare --html`.
std::string RenderComparisonHtml(const Comparison& comparison);

// Loads the run, renders and writes <run_dir>/report.html; returns the file's path.
absl::StatusOr<std::string> WriteRunHtml(const std::string& run_dir,
                                         const ProblemLookup& lookup = {});

}  // namespace restem
