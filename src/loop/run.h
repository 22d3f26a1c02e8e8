// A run directory in use: inputs, paths, lock, state, metrics.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "comm/team.h"
#include "io/metrics.h"
#include "loop/inputs.h"
#include "loop/run_lock.h"
#include "loop/run_paths.h"
#include "loop/run_state.h"

namespace restem {

struct Run {
  std::shared_ptr<Team> team;  // the processes of this run; null where this is the only one
  JobInputs inputs;
  RunPaths paths;
  std::unique_ptr<RunLock> lock;  // the leader's, and so are those that follow
  RunState state;
  std::unique_ptr<MetricsLog> metrics;

  int64_t rank() const { return team ? team->rank() : 0; }
};

// The leader's: tells the others which directory it works in, and what it reads.
absl::Status InviteOthers(const Run& run);
// That directory, for a process that helps. InvalidInput where it does not see the directory, has
// another job, or reads other files under the same names.
absl::StatusOr<Run> JoinRun(JobInputs inputs, std::shared_ptr<Team> team);

// Creates the directory or continues it. A directory made from another job, other data or another
// base model is InvalidInput showing each difference. With `fresh`, a new directory beside `dir` is
// used: <dir>-2, <dir>-3, …
absl::StatusOr<Run> OpenRun(JobInputs inputs, const std::string& dir, bool fresh);

// The same for a directory that is there, whose reward, and the files that it reads, may differ.
absl::StatusOr<Run> OpenRunToRescore(JobInputs inputs, const std::string& dir);

}  // namespace restem
