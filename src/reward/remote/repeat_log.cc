#include "reward/remote/repeat_log.h"

namespace restem {
namespace {

bool IsPowerOfTen(int64_t n) {
  while (n >= 10 && n % 10 == 0) n /= 10;
  return n == 1;
}

}  // namespace

void RepeatLog::say(spdlog::level::level_enum level, std::string_view text) {
  std::lock_guard lock(mutex_);
  const bool room = times_.size() < kTexts || times_.contains(text);
  const std::string key = room ? std::string(text) : "reward: (other lines)";
  const int64_t times = ++times_[key];
  if (!IsPowerOfTen(times)) return;
  if (times == 1) {
    spdlog::log(level, "{}", room ? text : "reward: too many different lines to show all");
  } else {
    spdlog::log(level, "{} ({} times so far)", key, times);
  }
}

}  // namespace restem
