// The subcommands of `restem`. Each parses its flags, builds what it needs, runs, and closes; a
// status says how it ended.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace restem {

using Args = std::vector<std::string>;

absl::Status RunCommand(const Args& args);    // run
absl::Status CheckCommand(const Args& args);  // check
absl::Status StageCommand(const std::string& stage,
                          const Args& args);     // sample, select, train, evaluate
absl::Status ScoreCommand(const Args& args);     // score
absl::Status CompareCommand(const Args& args);   // compare
absl::Status ShowCommand(const Args& args);      // show
absl::Status GenerateCommand(const Args& args);  // generate
absl::Status LogprobCommand(const Args& args);   // logprob
absl::Status TokenizeCommand(const Args& args);  // tokenize
absl::Status VerifyCommand(const Args& args);    // verify

}  // namespace restem
