#include "sampler/handover.h"

#include <chrono>
#include <utility>

namespace restem {

Handover::Handover(int64_t lanes, std::function<bool()> stopped)
    : lanes_(lanes), stopped_(std::move(stopped)) {}

bool Handover::claim() {
  if (waiting_.load(std::memory_order_relaxed) == 0) return false;  // mostly, and without a lock
  const std::lock_guard lock(mutex_);
  if (waiting_ == 0) return false;
  --waiting_;
  return true;
}

void Handover::give(std::vector<RunningRow> rows) {
  {
    const std::lock_guard lock(mutex_);
    given_.push_back(std::move(rows));
  }
  changed_.notify_one();
}

std::vector<RunningRow> Handover::wait() {
  constexpr std::chrono::milliseconds kLook(20);  // how often for a stop
  std::unique_lock lock(mutex_);
  if (++waiting_ == lanes_) changed_.notify_all();
  while (given_.empty() && waiting_ < lanes_ && !stopped_()) changed_.wait_for(lock, kLook);
  if (given_.empty()) return {};
  std::vector<RunningRow> rows = std::move(given_.front());
  given_.pop_front();
  return rows;
}

}  // namespace restem
