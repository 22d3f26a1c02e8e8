// A group's collectives on memory of GPUs.
#include <fmt/format.h>

#include <stdexcept>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <utility>

#include "comm/group_backend.h"

namespace restem {

// What is under way on a GPU can be broken off.
void Group::abandon() {
  if (backend_ != nullptr) backend_->gpu.reset();
  (void)backend_.release();
}

c10::intrusive_ptr<c10d::Work> Group::begin_on_gpu(const GpuCollectives::Begin& begin) {
  if (backend_->gpu != nullptr) return backend_->gpu->begin(begin);
  // NCCL connects in its first collective, and waits there where nobody sees it: all have to be at
  // it, and only so long.
  const auto all_there = least("GPUs are ready", 0);
  if (!all_there.ok()) throw std::runtime_error(std::string(MessageOf(all_there.status())));
  const Watchdog::Scope scope(store_->watchdog(), who() + ": connecting GPUs");
  backend_->gpu =
      std::make_unique<GpuCollectives>(NewNccl(store_->prefixed(fmt::format("nccl/{}", name_)),
                                               static_cast<int>(rank_),
                                               static_cast<int>(size())),
                                       store_->watchdog().limit(),
                                       [this] { return missing(); });
  return backend_->gpu->begin(begin);
}

absl::Status Group::settle() {
  if (backend_ == nullptr || backend_->gpu == nullptr) return absl::OkStatus();
  const absl::Status status = backend_->gpu->settle();
  return status.ok() ? status : explain("computing together", std::string(MessageOf(status)));
}

absl::Status Group::check() {
  if (backend_ == nullptr) return absl::UnavailableError(fmt::format("{}: disbanded", who()));
  const std::string failure = backend_->gpu == nullptr ? "" : backend_->gpu->failure();
  return failure.empty() ? absl::OkStatus() : explain("computing together", failure);
}

}  // namespace restem
