// FLINT ends the program where a computation outgrows it. Here that is an exception.
#pragma once

#include <stdexcept>

namespace restem::math {

class FlintFailure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// From now on, in all threads, FLINT, Arb and Calcium throw FlintFailure instead of aborting. What
// the computation had allocated is lost; sizes are bounded before, so this is the second line of
// defence.
void ThrowWhereFlintAborts();

// Has this thread seen such a failure since it was last forgotten? Then no Calcium number that is
// still alive may be touched.
bool FlintFailed();
void ForgetFlintFailure();

}  // namespace restem::math
