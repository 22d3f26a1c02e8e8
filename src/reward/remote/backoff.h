// How long to wait before something is tried again.
#pragma once

#include <chrono>
#include <optional>

namespace restem {

// Doubled with each failure (`failures` from 1) from half a second, at most half a minute; of that
// a random share from a half to all, so that those who failed together do not come back together.
// `asked` is what the other side wishes (Retry-After): no less is waited, but for two minutes at
// most.
std::chrono::milliseconds BackOff(int failures, std::optional<std::chrono::seconds> asked);

// Sleeps; false, and soon, where a signal asks this process to stop.
bool SleepUnlessStopped(std::chrono::milliseconds time);

}  // namespace restem
