// Judging the samples of an iteration again, with a mended reward say. Nothing is sampled.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "data/types.h"
#include "loop/run.h"

namespace restem {

// What new verdicts say differently.
struct VerdictDifference {
  struct Change {
    Verdict before;
    Verdict now;
  };
  using Counts = std::map<std::string, int64_t>;  // "correct", "wrong", "error"

  std::optional<Counts> before;  // absent: there were no verdicts
  Counts now;
  int64_t changed = 0;
  std::map<std::string, int64_t> kinds;  // "wrong->correct"
  std::vector<Change> first;             // the first few, in problem order
};

struct RescoreOutcome {
  VerdictDifference difference;
  std::string kept;  // file with the verdicts that were replaced; empty: none
  // Complete stages ("01/train") that were made from the replaced verdicts; with `redo`, those that
  // were taken back.
  std::vector<std::string> derived;
  bool redo = false;  // a stopped rescore is finished as it was begun, whatever is asked now
};

// Judges the samples of `iteration` with the run's reward, which OpenRunToRescore allowed to
// differ, and puts the new verdicts and the job with that reward in place. The old verdicts stay
// beside them. `redo` takes back every stage that was made from the old ones: their files move to
// <run>/before-rescore/, the run continues after `score` of this iteration. Otherwise those stages
// stay, and state.json names them. Stopped at any instant, it is finished by a second call.
absl::StatusOr<RescoreOutcome> Rescore(Run& run, int64_t iteration, bool redo);

// InvalidInput while a rescore of an iteration (`but` aside) is half put in place: nothing but
// Rescore of that iteration may go on then.
absl::Status CheckNoHalfRescore(const RunPaths& paths, int64_t iterations, int64_t but = 0);

}  // namespace restem
