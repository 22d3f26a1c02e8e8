// Runs a program against its tests in a room, and says what came of it.
#pragma once

#include <string>
#include <string_view>

#include "reward/code/options.h"
#include "reward/code/rooms.h"
#include "reward/code/task.h"
#include "reward/verifier.h"

namespace restem {

// Functions: the program's process answers calls of the tests' process, in another sandbox, which
// alone knows what is expected. `task.tests` is not StreamCases.
Judgement JudgeFunctions(Rooms::Lease& room,
                         const CodeOptions& options,
                         const CodeTask& task,
                         std::string_view program);

// Standard input and output, case after case; what is expected never enters the sandbox.
// `task.tests` is StreamCases.
Judgement JudgeStreams(Rooms::Lease& room,
                       const CodeOptions& options,
                       const CodeTask& task,
                       std::string_view program);

}  // namespace restem
