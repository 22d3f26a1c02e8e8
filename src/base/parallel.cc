#include "base/parallel.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/shutdown.h"

namespace restem {
namespace {

using Task = std::function<void()>;

// A thread that runs one task after another.
class Worker {
 public:
  Worker() : thread_([this] { serve(); }) {}

  void start(Task task) {
    const std::lock_guard lock(mutex_);
    task_ = std::move(task);
    changed_.notify_all();
  }

  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !task_; });
  }

 private:
  [[noreturn]] void serve() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] { return task_ != nullptr; });
      lock.unlock();
      task_();
      lock.lock();
      task_ = nullptr;
      changed_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  Task task_;
  std::thread thread_;  // last: starts when the rest is there
};

// Threads kept from call to call, so that what they hold for themselves (allocator arenas, the
// buffers of kernels and of MKL) stays warm. Never destroyed: the threads live as long as the
// process.
struct Workers {
  std::atomic_flag in_use;
  std::vector<std::unique_ptr<Worker>> workers;
};

Workers& SharedWorkers() {
  static auto& shared = *new Workers;
  return shared;
}

void RunOnNewThreads(size_t lanes, const std::function<void(size_t lane)>& body) {
  std::vector<std::thread> threads;
  threads.reserve(lanes);
  for (size_t lane = 1; lane < lanes; ++lane) threads.emplace_back(body, lane);
  body(0);
  for (auto& thread : threads) thread.join();
}

void RunOnWorkers(std::vector<std::unique_ptr<Worker>>& workers,
                  size_t lanes,
                  const std::function<void(size_t lane)>& body) {
  while (workers.size() + 1 < lanes) workers.push_back(std::make_unique<Worker>());
  for (size_t lane = 1; lane < lanes; ++lane)
    workers[lane - 1]->start([&body, lane] { body(lane); });
  body(0);
  for (size_t lane = 1; lane < lanes; ++lane) workers[lane - 1]->wait();
}

}  // namespace

void RunLanes(size_t lanes, const std::function<void(size_t lane)>& body) {
  if (lanes == 0) return;
  std::vector<std::exception_ptr> errors(lanes);
  const std::function<void(size_t)> guarded = [&](size_t lane) {
    try {
      body(lane);
    } catch (...) {
      errors[lane] = std::current_exception();
    }
  };
  Workers& shared = SharedWorkers();
  if (!shared.in_use.test_and_set()) {
    RunOnWorkers(shared.workers, lanes, guarded);
    shared.in_use.clear();
  } else {  // a call within a call, or beside one
    RunOnNewThreads(lanes, guarded);
  }
  for (const auto& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

void ForEachUntilStop(size_t count, size_t lanes, const std::function<void(size_t i)>& body) {
  std::atomic<size_t> next = 0;
  RunLanes(std::max<size_t>(1, lanes), [&](size_t /*lane*/) {
    for (size_t i = next++; i < count && !StopRequested(); i = next++) body(i);
  });
}

}  // namespace restem
