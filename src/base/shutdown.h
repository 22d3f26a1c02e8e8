// SIGINT and SIGTERM ask for an orderly stop: the record in hand is finished, then the stage
// returns.
#pragma once

#include "base/status.h"

namespace restem {

// Installs the handlers. A second signal of the same kind ends the process at once.
void InstallSignalHandlers();

// True once a signal came.
bool StopRequested();

// OK, or Stopped() once a signal came.
absl::Status CheckStop();

// 130 after SIGINT, 75 after SIGTERM; 0 if neither came.
int StopExitCode();

}  // namespace restem
