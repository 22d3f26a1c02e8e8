#include "base/parallel.h"

#include <exception>
#include <thread>
#include <vector>

namespace restem {

void RunLanes(size_t lanes, const std::function<void(size_t lane)>& body) {
  std::vector<std::exception_ptr> errors(lanes);
  const auto guarded = [&](size_t lane) {
    try {
      body(lane);
    } catch (...) {
      errors[lane] = std::current_exception();
    }
  };
  std::vector<std::thread> threads;
  threads.reserve(lanes);
  for (size_t lane = 1; lane < lanes; ++lane) threads.emplace_back(guarded, lane);
  if (lanes > 0) guarded(0);
  for (auto& thread : threads) thread.join();
  for (const auto& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

}  // namespace restem
