// A run directory as the loop writes it, with made-up but plausible numbers: problems of different
// difficulty, three iterations that solve more of them and vary less, a control that does not.
#pragma once

#include <string>

#include "eval/eval_record.h"

namespace restem::testing {

struct SyntheticOptions {
  int64_t iterations = 3;
  int64_t problems = 300;  // of the first test set; the second has half as many
  bool second_set = true;
};

// Writes job.yaml, state.json, metrics.jsonl and iterations/ below `dir`.
void WriteSyntheticRun(const std::string& dir, const SyntheticOptions& options = {});

}  // namespace restem::testing
