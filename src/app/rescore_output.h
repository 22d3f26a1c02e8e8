// What `restem score --rescore` says.
#pragma once

#include <cstdint>

#include "loop/rescore.h"

namespace restem {

// On stdout: a JSON line for each of the first samples whose verdict changed, {"problem","sample",
// "old","new","old_extracted","new_extracted"}, then one with the counts.
void PrintRescore(const RescoreOutcome& outcome, int64_t iteration);

// In the log: what still comes from the replaced verdicts or the replaced reward, and how to make
// it anew.
void ExplainRescore(const Run& run, const RescoreOutcome& outcome, int64_t iteration);

}  // namespace restem
