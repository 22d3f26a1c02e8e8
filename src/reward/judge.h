// One judgement, whatever the verifier does.
#pragma once

#include <string_view>

#include "reward/verifier.h"

namespace restem {

// Tries `tries` times (at least once) while the verdict is an error. An exception of the verifier
// is an error: it must not end the process, nor pass for a wrong answer.
Judgement Judge(const Verifier& verifier,
                const Problem& problem,
                std::string_view completion,
                int tries = 2);

}  // namespace restem
