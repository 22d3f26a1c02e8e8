// A log that says each thing once: a judge that fails for every completion must not bury the rest.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/log.h"

namespace restem {

// Thread-safe.
class RepeatLog {
 public:
  // Logs `text` the 1st, 10th, 100th, … time that it comes, with the number. Beyond kTexts
  // different ones, new ones count as one.
  void say(spdlog::level::level_enum level, std::string_view text);

 private:
  static constexpr size_t kTexts = 200;

  std::mutex mutex_;
  std::map<std::string, int64_t, std::less<>> times_;
};

}  // namespace restem
