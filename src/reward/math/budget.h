// What one verdict may spend.
#pragma once

#include <chrono>
#include <cstdint>

namespace restem::math {

class Budget {
 public:
  explicit Budget(double seconds)
      : end_(Clock::now() +
             std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds))) {}

  // Is there anything left? Asked before each step that takes time.
  bool step(int64_t cost = 1) {
    work_ += cost;
    if (work_ > kMaxWork) return false;
    return Clock::now() < end_;
  }
  bool spent() const { return work_ > kMaxWork || Clock::now() >= end_; }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr int64_t kMaxWork = 2'000'000;
  const Clock::time_point end_;
  int64_t work_ = 0;
};

}  // namespace restem::math
