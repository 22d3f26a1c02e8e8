#include "comm/group.h"

#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <utility>

#include "absl/strings/numbers.h"
#include "base/shutdown.h"
#include "comm/group_backend.h"

namespace restem {
namespace {

constexpr std::chrono::milliseconds kPause(20);  // between two looks at the store

constexpr char kLeft[] = "left";  // told by who will say nothing more: why, if that is not the end

}  // namespace

Group::Group(std::shared_ptr<Store> store,
             std::shared_ptr<Presence> presence,
             std::string name,
             std::vector<std::string> members)
    : store_(std::move(store)),
      presence_(std::move(presence)),
      name_(std::move(name)),
      members_(std::move(members)),
      rank_(std::ranges::find(members_, store_->process()) - members_.begin()) {}

Group::~Group() {
  backend_.reset();
  tell(kLeft, why_).IgnoreError();
}

std::string Group::who() const { return fmt::format("{}, {}", store_->who(), name_); }

std::string Group::key(int64_t member, std::string_view name) const {
  return fmt::format("group/{}/{}/{}", name_, member, name);
}

absl::Status Group::tell(const std::string& name, const std::string& value) {
  return store_->set(key(rank_, name), value);
}

absl::StatusOr<std::string> Group::ask(int64_t from, const std::string& name) {
  while (true) {
    // In this order: what it said before it left is there then.
    RESTEM_ASSIGN_OR_RETURN(const std::string missing, missing_because(from));
    RESTEM_ASSIGN_OR_RETURN(const auto value, store_->find(key(from, name)));
    if (value) return *value;
    if (!missing.empty()) {
      return absl::UnavailableError(fmt::format("{}: awaiting the {}: {}", who(), name, missing));
    }
    if (called_off_ != nullptr) {
      RESTEM_ASSIGN_OR_RETURN(const bool is_called_off, called_off_());
      if (is_called_off) return absl::UnavailableError(fmt::format("{}: called off", who()));
    }
    std::this_thread::sleep_for(kPause);
  }
}

absl::StatusOr<int64_t> Group::least(const std::string& name, int64_t number) {
  RESTEM_RETURN_IF_ERROR(tell(name, fmt::format("{}", number)));
  for (int64_t member = 0; member < size(); ++member) {
    RESTEM_ASSIGN_OR_RETURN(const std::string told, ask(member, name));
    int64_t theirs = 0;
    if (!absl::SimpleAtoi(told, &theirs))
      return Failed(fmt::format("{}: the {} of rank {} is not a number: {}",
                                who(),
                                name,
                                RankOf(members_[static_cast<size_t>(member)]),
                                told));
    number = std::min(number, theirs);
  }
  return number;
}

// Others fail because one has given up or is lost: some time later it shows which.
absl::Status Group::explain(const std::string& doing, const std::string& error) {
  // What is under way cannot be taken back, and would be waited for: it stays as it is. The others
  // hear that this one gives up, or look for who is lost themselves.
  abandon();
  const auto deadline = std::chrono::steady_clock::now() + presence_->patience() * 3 / 2;
  while (std::chrono::steady_clock::now() < deadline && !StopRequested()) {
    RESTEM_ASSIGN_OR_RETURN(const std::string who_is_missing, missing());
    if (!who_is_missing.empty()) {
      why_ = who_is_missing;
      return absl::UnavailableError(fmt::format("{}: {}: {}", who(), doing, who_is_missing));
    }
    std::this_thread::sleep_for(kPause);
  }
  why_ = error;
  return absl::UnavailableError(fmt::format("{}: {}: {}", who(), doing, error));
}

absl::StatusOr<bool> Group::is_there(int64_t member) {
  RESTEM_ASSIGN_OR_RETURN(const std::string because, missing_because(member));
  return because.empty();
}

// The first of the others that is; empty: all are there.
absl::StatusOr<std::string> Group::missing() {
  for (int64_t other = 0; other < size(); ++other) {
    if (other == rank_) continue;
    RESTEM_ASSIGN_OR_RETURN(std::string because, missing_because(other));
    if (!because.empty()) return because;
  }
  return std::string();
}

// "rank 2 has given up"; empty: it is there.
absl::StatusOr<std::string> Group::missing_because(int64_t other) {
  const std::string& process = members_[static_cast<size_t>(other)];
  RESTEM_ASSIGN_OR_RETURN(const auto left, store_->find(key(other, kLeft)));
  if (left) {
    return fmt::format(
        "rank {} has given up{}{}", RankOf(process), left->empty() ? "" : ": ", *left);
  }
  RESTEM_ASSIGN_OR_RETURN(const bool lost, presence_->is_lost(process));
  if (!lost) return std::string();
  return fmt::format("rank {} has not been heard of for {} s",
                     RankOf(process),
                     static_cast<double>(presence_->patience().count()) / 1000.0);
}

template <typename Begin>
Group::Pending Group::begin(const std::string& doing, bool on_gpu, const Begin& begin) {
  Pending pending;
  pending.group_ = this;
  pending.doing_ = doing;
  if (backend_ == nullptr) {
    pending.failed_ = absl::UnavailableError(fmt::format("{}: {}: disbanded", who(), doing));
    return pending;
  }
  try {
    if (on_gpu) {
      // The stream waits for it, not the process.
      pending.wait_a_little_ = [work = begin_on_gpu(begin)] { return work->wait(); };
      return pending;
    }
    pending.wait_a_little_ = [work = begin(*backend_->gloo)] {
      try {
        return work->wait(kLookOut);
      } catch (const std::exception&) {
        // Its own failure, which another wait tells, or that of the little while.
        return work->isCompleted() && work->wait();
      }
    };
  } catch (const std::exception& error) {
    pending.failed_ = explain(doing, FirstLine(error));
  }
  return pending;
}

absl::Status Group::Pending::wait() {
  if (!failed_.ok() || wait_a_little_ == nullptr) return std::exchange(failed_, absl::OkStatus());
  const auto wait_a_little = std::exchange(wait_a_little_, nullptr);
  try {
    while (!wait_a_little()) {
      const auto missing = group_->missing();
      // Without the store nobody can be waited for; what is under way stays as it is.
      if (!missing.ok()) group_->abandon();
      RESTEM_RETURN_IF_ERROR(missing.status());
      if (!missing->empty()) return group_->explain(doing_, *missing);
    }
  } catch (const std::exception& error) {
    return group_->explain(doing_, FirstLine(error));
  }
  if (then_ != nullptr) std::exchange(then_, nullptr)();
  return absl::OkStatus();
}

Group::Pending Group::all_gather(const at::Tensor& whole, const at::Tensor& part) {
  return begin("gathering", whole.is_cuda(), [&](c10d::Backend& backend) {
    at::Tensor out = whole;
    at::Tensor in = part;
    return backend._allgather_base(out, in);
  });
}

// c10d's own for Gloo is this with a copy of the whole, and its work knows no waiting for a while.
Group::Pending Group::reduce_scatter(const at::Tensor& part, const at::Tensor& whole) {
  constexpr char kDoing[] = "adding up gradients";
  if (whole.is_cuda()) {
    return begin(kDoing, /*on_gpu=*/true, [&](c10d::Backend& backend) {
      at::Tensor out = part;
      at::Tensor in = whole;
      return backend._reduce_scatter_base(out, in);
    });
  }
  Pending pending = begin(kDoing, /*on_gpu=*/false, [&](c10d::Backend& backend) {
    std::vector<at::Tensor> tensors = {whole};
    return backend.allreduce(tensors);
  });
  pending.then_ = [part, own = whole.narrow(0, rank_ * part.numel(), part.numel())] {
    part.copy_(own);
  };
  return pending;
}

absl::Status Group::broadcast(const at::Tensor& tensor) {
  return begin("broadcasting",
               tensor.is_cuda(),
               [&](c10d::Backend& backend) {
                 std::vector<at::Tensor> tensors = {tensor};
                 return backend.broadcast(tensors);
               })
      .wait();
}

absl::Status Group::all_reduce(const at::Tensor& tensor) {
  return begin("adding up",
               tensor.is_cuda(),
               [&](c10d::Backend& backend) {
                 std::vector<at::Tensor> tensors = {tensor};
                 return backend.allreduce(tensors);
               })
      .wait();
}

// In memory of its own: where it fails, the collective may still be under way.
absl::Status Group::sum(std::span<double> numbers) {
  const at::Tensor sums = at::empty({std::ssize(numbers)}, at::kDouble);
  std::ranges::copy(numbers, sums.mutable_data_ptr<double>());
  RESTEM_RETURN_IF_ERROR(all_reduce(sums));
  std::copy_n(sums.const_data_ptr<double>(), numbers.size(), numbers.begin());
  return absl::OkStatus();
}

}  // namespace restem
