// Who is there: each process says so once a second, and looks at how long ago others did.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/status.h"
#include "comm/store.h"

namespace restem {

// Thread-safe.
class Presence {
 public:
  // A process that has said nothing for `patience` counts as lost: dead, stopped, or cut off.
  Presence(std::shared_ptr<Store> store, std::chrono::milliseconds patience);
  ~Presence();
  Presence(const Presence&) = delete;
  Presence& operator=(const Presence&) = delete;

  // Whether a process (Store::process()) has said nothing for too long, or another has taken its
  // rank. By this process's clock: it takes that long to find out.
  absl::StatusOr<bool> is_lost(const std::string& process);

  // The process that has this rank. None that has come within `to_come` of the first question is
  // lost too.
  struct Seen {
    std::string process;  // empty: none has come yet
    bool lost = false;
  };
  absl::StatusOr<Seen> see(int64_t rank, std::chrono::milliseconds to_come);

  std::chrono::milliseconds patience() const { return patience_; }

 private:
  void run();

  struct Heard {
    std::string sign;  // "<process> <count>"
    std::chrono::steady_clock::time_point since;
  };

  const std::shared_ptr<Store> store_;
  const std::chrono::milliseconds patience_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool end_ = false;
  std::map<int64_t, Heard> heard_;  // by rank
  std::thread thread_;
};

}  // namespace restem
