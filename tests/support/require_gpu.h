// Tests that skip where there is no GPU would pass on a machine whose GPU cannot be used.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace restem::testing {

// `found`, unless nothing was found and RESTEM_REQUIRE_GPU is set: then the program ends.
inline bool FoundOrNotRequired(bool found) {
  if (!found && std::getenv("RESTEM_REQUIRE_GPU") != nullptr) {
    std::fputs("RESTEM_REQUIRE_GPU is set, but no CUDA device can be used\n", stderr);
    std::exit(1);
  }
  return found;
}

}  // namespace restem::testing
