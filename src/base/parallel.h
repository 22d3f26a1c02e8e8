// Plain parallelism over independent pieces of work.
#pragma once

#include <cstddef>
#include <functional>

namespace restem {

// Runs body(0) … body(lanes - 1) at the same time, lane 0 on the caller's thread, and waits for
// all. From call to call a lane keeps its thread, unless calls nest or overlap. An exception of the
// lowest-numbered lane that threw is rethrown here.
void RunLanes(size_t lanes, const std::function<void(size_t lane)>& body);

// Runs body(0) … body(count - 1) on `lanes` threads (at least one), each item on the next thread
// that is free. A requested stop (base/shutdown.h) leaves out what has not begun: ask CheckStop().
void ForEachUntilStop(size_t count, size_t lanes, const std::function<void(size_t i)>& body);

}  // namespace restem
