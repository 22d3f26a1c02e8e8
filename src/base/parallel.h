// Plain parallelism over independent pieces of work.
#pragma once

#include <cstddef>
#include <functional>

namespace restem {

// Runs body(0) … body(lanes - 1), each on a thread of its own (lane 0 on the caller's), and waits
// for all. An exception of the lowest-numbered lane that threw is rethrown here.
void RunLanes(size_t lanes, const std::function<void(size_t lane)>& body);

}  // namespace restem
