// The workers of reward `command`: kept while they answer, replaced when they die, and not started
// again and again where that does not help.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/status.h"
#include "reward/remote/repeat_log.h"
#include "reward/remote/worker.h"

namespace restem {

// Thread-safe. A caller takes a worker or starts one, so there are as many as there are callers at
// once.
class WorkerPool {
 public:
  explicit WorkerPool(WorkerCommand command) : command_(std::move(command)) {}
  ~WorkerPool();

  // A worker that waits, or a new one. After workers that died before they gave an answer, new ones
  // are started later and later; after kMostDeaths in a row, nobody gets one for kPause, and the
  // cause is returned at once.
  absl::StatusOr<std::unique_ptr<Worker>> take();
  // Always a new one, without waiting.
  absl::StatusOr<std::unique_ptr<Worker>> start();

  void give_back(std::unique_ptr<Worker> worker);  // it answered
  void discard(std::unique_ptr<Worker> worker, const absl::Status& why);

 private:
  using Clock = std::chrono::steady_clock;

  std::unique_ptr<Worker> take_idle();
  absl::Status wait_to_start();

  const WorkerCommand command_;
  RepeatLog log_;
  std::mutex mutex_;  // guards what follows
  std::vector<std::unique_ptr<Worker>> idle_;
  int deaths_ = 0;  // in a row, of workers that gave no answer
  std::string last_death_;
  Clock::time_point not_before_;  // of the next start
};

}  // namespace restem
