#include "comm/gpu_collectives.h"

#include <c10/util/Exception.h>
#include <fmt/format.h>

#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <utility>

namespace restem {
namespace {

constexpr std::chrono::milliseconds kPause(1);  // between two looks at the GPU

}  // namespace

GpuCollectives::GpuCollectives(c10::intrusive_ptr<c10d::Backend> backend,
                               std::chrono::milliseconds limit,
                               Missing missing)
    : backend_(std::move(backend)),
      limit_(limit),
      missing_(std::move(missing)),
      thread_([this] { watch(); }) {}

GpuCollectives::~GpuCollectives() {
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
    forget_done();
    // Nobody waits for these any more.
    if (!begun_.empty() && failure_.empty()) backend_->abort();
  }
  ended_.notify_all();
  thread_.join();
}

c10::intrusive_ptr<c10d::Work> GpuCollectives::begin(const Begin& begin) {
  const std::string broken_off = failure();
  TORCH_CHECK(broken_off.empty(), broken_off);
  c10::intrusive_ptr<c10d::Work> work = begin(*backend_);
  const std::lock_guard lock(mutex_);
  forget_done();
  begun_.push_back({work, std::chrono::steady_clock::now()});
  return work;
}

std::string GpuCollectives::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

absl::Status GpuCollectives::settle() {
  std::unique_lock lock(mutex_);
  while (failure_.empty()) {
    forget_done();
    if (begun_.empty()) return absl::OkStatus();
    ended_.wait_for(lock, kPause);
  }
  return absl::UnavailableError(failure_);
}

// They are done in order. What failed stays: the thread finds out why.
void GpuCollectives::forget_done() {
  while (!begun_.empty() && begun_.front().work->isCompleted() &&
         begun_.front().work->exception() == nullptr)
    begun_.pop_front();
}

void GpuCollectives::watch() {
  std::unique_lock lock(mutex_);
  while (!end_ && failure_.empty()) {
    ended_.wait_for(lock, kLookOut);
    forget_done();
    const bool is_late =
        !begun_.empty() && std::chrono::steady_clock::now() - begun_.front().since > kLookOut;
    if (end_ || !is_late) continue;
    lock.unlock();  // asking takes its time
    std::string failure = look_after();
    lock.lock();
    if (end_ || failure.empty()) continue;
    failure_ = std::move(failure);
    backend_->abort();
    ended_.notify_all();
  }
}

// Why the oldest is not to be waited for any longer.
std::string GpuCollectives::look_after() {
  const absl::StatusOr<std::string> missing = missing_();
  if (!missing.ok()) return std::string(MessageOf(missing.status()));
  if (!missing->empty()) return *missing;
  const std::lock_guard lock(mutex_);
  if (begun_.empty()) return "";
  if (begun_.front().work->exception() != nullptr) return "a collective on the GPU failed";
  if (std::chrono::steady_clock::now() - begun_.front().since < limit_) return "";
  return fmt::format("no answer on the GPU within {} s",
                     static_cast<double>(limit_.count()) / 1000.0);
}

}  // namespace restem
