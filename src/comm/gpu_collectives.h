// A group's collectives on memory of GPUs: c10d's NCCL. They take their turn on the GPU's streams,
// while the process goes on; a thread looks after them meanwhile.
#pragma once

#include <c10/util/intrusive_ptr.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>

#include "base/status.h"

namespace c10d {
class Backend;
class Store;
class Work;
}  // namespace c10d

namespace restem {

// A collective that takes longer than this is asked whether all are still there.
inline constexpr std::chrono::milliseconds kLookOut(500);

// NCCL; throws where this build, or this machine, has none.
c10::intrusive_ptr<c10d::Backend> NewNccl(c10::intrusive_ptr<c10d::Store> store,
                                          int rank,
                                          int size);

class GpuCollectives {
 public:
  // Who is missing of the group, and why; empty: nobody. Called by the thread.
  using Missing = std::function<absl::StatusOr<std::string>()>;

  // What takes longer than `limit`, or lacks a member, is broken off: what waits for the GPU goes
  // on then, with results of no use, and everything below fails.
  GpuCollectives(c10::intrusive_ptr<c10d::Backend> backend,
                 std::chrono::milliseconds limit,
                 Missing missing);
  ~GpuCollectives();
  GpuCollectives(const GpuCollectives&) = delete;
  GpuCollectives& operator=(const GpuCollectives&) = delete;

  using Begin = std::function<c10::intrusive_ptr<c10d::Work>(c10d::Backend& backend)>;
  c10::intrusive_ptr<c10d::Work> begin(const Begin& begin);

  // Why they were broken off; empty: they were not.
  std::string failure() const;
  // Waits until all that was begun is done. Unavailable: it was broken off.
  absl::Status settle();

 private:
  struct Begun {
    c10::intrusive_ptr<c10d::Work> work;
    std::chrono::steady_clock::time_point since;
  };
  void watch();
  std::string look_after();
  void forget_done();

  const c10::intrusive_ptr<c10d::Backend> backend_;
  const std::chrono::milliseconds limit_;
  const Missing missing_;
  mutable std::mutex mutex_;
  std::condition_variable ended_;
  bool end_ = false;
  std::string failure_;
  std::list<Begun> begun_;  // in order
  std::thread thread_;
};

}  // namespace restem
