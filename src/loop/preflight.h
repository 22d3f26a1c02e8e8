// What `restem check` proves before anything is trained.
#pragma once

#include <string>

#include "base/status.h"
#include "loop/inputs.h"

namespace restem {

// The reward accepts the gold answers of all sets and refuses shuffled ones; InvalidInput with the
// first offenders.
absl::Status CheckReward(const JobInputs& inputs);

// The weights load, completions can end, EOS round-trips, and every prompt leaves room in the
// context.
absl::Status CheckModel(const JobInputs& inputs);

// Processes that a run of this job has at least where it draws and trains; InvalidInput where there
// are fewer.
int64_t FewestRanks(const Job& job);
absl::Status CheckRanks(const JobInputs& inputs);

// Everything: weights load, EOS round-trips, prompts fit the context, sets do not overlap, the
// reward is sane. Returns the findings as text, with estimates of tokens, memory and disk.
absl::StatusOr<std::string> Preflight(const JobInputs& inputs);

}  // namespace restem
