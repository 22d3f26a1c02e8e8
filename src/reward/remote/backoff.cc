#include "reward/remote/backoff.h"

#include <algorithm>
#include <mutex>
#include <random>
#include <thread>

#include "base/shutdown.h"

namespace restem {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kFirst{500};
constexpr milliseconds kLongest{30'000};
constexpr milliseconds kLongestAsked{120'000};

// Nothing that is recorded depends on it.
double RandomShare() {
  static std::mutex mutex;
  static std::minstd_rand generator{std::random_device{}()};
  std::lock_guard lock(mutex);
  return std::uniform_real_distribution<double>(0.5, 1.0)(generator);
}

}  // namespace

milliseconds BackOff(int failures, std::optional<std::chrono::seconds> asked) {
  const milliseconds full = std::min(kLongest, kFirst * (1 << std::clamp(failures - 1, 0, 10)));
  const auto own = std::chrono::duration_cast<milliseconds>(full * RandomShare());
  if (!asked) return own;
  return std::max<milliseconds>(own, std::min<milliseconds>(*asked, kLongestAsked));
}

bool SleepUnlessStopped(milliseconds time) {
  const auto until = steady_clock::now() + time;
  while (!StopRequested()) {
    const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now());
    if (left.count() <= 0) return true;
    std::this_thread::sleep_for(std::min(left, milliseconds(50)));
  }
  return false;
}

}  // namespace restem
