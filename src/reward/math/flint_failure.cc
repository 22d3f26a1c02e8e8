#include "reward/math/flint_failure.h"

#include <flint/flint.h>

#include <mutex>

namespace restem::math {
namespace {

bool& Failed() {
  thread_local bool failed = false;
  return failed;
}

FLINT_NORETURN void Throw() {
  Failed() = true;
  throw FlintFailure("the computation is too large");
}

}  // namespace

void ThrowWhereFlintAborts() {
  static std::once_flag once;
  std::call_once(once, [] { flint_set_abort(Throw); });
}

bool FlintFailed() { return Failed(); }
void ForgetFlintFailure() { Failed() = false; }

}  // namespace restem::math
