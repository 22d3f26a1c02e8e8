#include "reward/remote/worker_pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "base/shutdown.h"

namespace restem {
namespace {

using std::chrono::milliseconds;

constexpr int kFreeDeaths = 2;  // one completion, tried twice, may be what kills them
constexpr int kMostDeaths = 8;
constexpr milliseconds kFirstWait{50};  // doubled by each death
constexpr milliseconds kPause{5000};

}  // namespace

WorkerPool::~WorkerPool() {
  for (const auto& worker : idle_) worker->close_input();  // all may finish at the same time
}

absl::StatusOr<std::unique_ptr<Worker>> WorkerPool::take() {
  if (auto worker = take_idle()) return worker;
  RESTEM_RETURN_IF_ERROR(wait_to_start());
  return start();
}

absl::StatusOr<std::unique_ptr<Worker>> WorkerPool::start() {
  return Worker::start(command_, [this](std::string_view line) {
    log_.say(spdlog::level::info, fmt::format("reward worker: {}", line));
  });
}

std::unique_ptr<Worker> WorkerPool::take_idle() {
  std::vector<std::unique_ptr<Worker>> dead;  // destroyed without the lock
  std::lock_guard lock(mutex_);
  while (!idle_.empty()) {
    std::unique_ptr<Worker> worker = std::move(idle_.back());
    idle_.pop_back();
    const absl::Status idle = worker->check_idle();
    if (idle.ok()) return worker;
    log_.say(spdlog::level::warn, fmt::format("reward worker given up: {}", MessageOf(idle)));
    dead.push_back(std::move(worker));
  }
  return nullptr;
}

absl::Status WorkerPool::wait_to_start() {
  while (true) {
    RESTEM_RETURN_IF_ERROR(CheckStop());
    {
      std::lock_guard lock(mutex_);
      const auto now = Clock::now();
      if (now >= not_before_) {
        // The next caller waits too: a worker is tried at a time while they only die.
        if (deaths_ >= kMostDeaths) not_before_ = now + kPause;
        return absl::OkStatus();
      }
      if (deaths_ >= kMostDeaths) {
        return Failed(
            fmt::format("{} ({} workers in a row gave no answer; none is started for a "
                        "moment)",
                        last_death_,
                        deaths_));
      }
    }
    std::this_thread::sleep_for(milliseconds(10));
  }
}

void WorkerPool::give_back(std::unique_ptr<Worker> worker) {
  std::lock_guard lock(mutex_);
  deaths_ = 0;
  not_before_ = {};
  idle_.push_back(std::move(worker));
}

void WorkerPool::discard(std::unique_ptr<Worker> worker, const absl::Status& why) {
  const std::string cause(MessageOf(why));
  if (!absl::IsCancelled(why))
    log_.say(spdlog::level::warn, fmt::format("reward worker given up: {}", cause));
  // One that hangs is no sign that others cannot start.
  if (!worker->fresh() || worker->alive()) return;
  std::lock_guard lock(mutex_);
  last_death_ = cause;
  ++deaths_;
  const int doubled = std::clamp(deaths_ - kFreeDeaths, 0, 16);
  const milliseconds wait = deaths_ <= kFreeDeaths ? milliseconds(0) : kFirstWait * (1 << doubled);
  not_before_ = Clock::now() + (deaths_ >= kMostDeaths ? kPause : std::min(wait, kPause));
}

}  // namespace restem
