// `restem show RUN`: the state of a run and a row per iteration, as text for the terminal.
#pragma once

#include <string>

#include "base/status.h"
#include "report/analysis.h"
#include "report/run_report.h"

namespace restem {

std::string RenderShow(const RunReport& report, const RunAnalysis& analysis);

// "base, 2 iterations of 3 done; training" and the like, in one line.
std::string DescribeState(const RunReport& report);

// The result in a sentence or two per test set: base -> best iteration, gain, interval, control.
// Empty before the first iteration is evaluated.
std::string Headline(const RunReport& report, const RunAnalysis& analysis);

}  // namespace restem
