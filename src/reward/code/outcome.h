// From how a program ended to a verdict.
#pragma once

#include <string>

#include "reward/code/options.h"
#include "reward/verifier.h"

namespace restem {

// Of a program that met a limit, or whose sandbox died (an error, to be tried again elsewhere).
Judgement LimitJudgement(WatchEnd end, const CodeOptions& options);

// Why a process ended that should not have: "it was killed by signal 11", "it ran longer than 5 s",
// "it exited with 1".
std::string EndInWords(const ProgramReport& report, const CodeOptions& options);

Judgement ErrorJudgement(const absl::Status& status);

}  // namespace restem
