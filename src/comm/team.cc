#include "comm/team.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <thread>
#include <utility>

#include "base/shutdown.h"

namespace restem {
namespace {

constexpr std::chrono::milliseconds kPause(50);  // between two looks at the store
constexpr char kCall[] = "call";                 // "3 sample 2": its number, and what it says

std::string LeftKey(int64_t rank) { return fmt::format("left/{}", rank); }

}  // namespace

Team::Team(std::shared_ptr<Store> store, const ClusterOptions& options)
    : store_(std::move(store)),
      presence_(std::make_shared<Presence>(store_, options.lost_after())),
      timeout_(options.timeout()) {}

absl::StatusOr<std::shared_ptr<Team>> Team::join(const ClusterOptions& options) {
  RESTEM_ASSIGN_OR_RETURN(const Launch launch, ReadLaunch(ProcessEnvironment));
  if (launch.alone()) return nullptr;
  RESTEM_ASSIGN_OR_RETURN(auto store, Store::connect(launch, options.timeout()));
  std::shared_ptr<Team> team(new Team(std::move(store), options));
  spdlog::info("{}, meeting at {}:{}", team->store_->who(), launch.address, launch.port);
  return team;
}

absl::Status Team::tell(const std::string& name, const std::string& value) {
  return store_->set("told/" + name, value);
}

absl::StatusOr<std::string> Team::ask(const std::string& name) {
  while (true) {
    RESTEM_RETURN_IF_ERROR(check_leader());
    RESTEM_ASSIGN_OR_RETURN(const auto value, store_->find("told/" + name));
    if (value) return *value;
    std::this_thread::sleep_for(kPause);
  }
}

absl::Status Team::call(const std::string& what) {
  ++calls_;
  return store_->set(kCall, fmt::format("{} {}", calls_, what));
}

absl::Status Team::check_leader() {
  RESTEM_RETURN_IF_ERROR(CheckStop());
  RESTEM_ASSIGN_OR_RETURN(const auto leader, presence_->see(/*rank=*/0, timeout_));
  if (!leader.lost) return absl::OkStatus();
  return Failed(fmt::format("{}: rank 0 has not been heard of for {} s",
                            store_->who(),
                            static_cast<double>(presence_->patience().count()) / 1000.0));
}

absl::StatusOr<std::string> Team::next_call() {
  while (true) {
    RESTEM_RETURN_IF_ERROR(check_leader());
    RESTEM_ASSIGN_OR_RETURN(const auto call, store_->find(kCall));
    if (call && *call != last_call_) {
      last_call_ = *call;
      return call->substr(call->find(' ') + 1);
    }
    std::this_thread::sleep_for(kPause);
  }
}

absl::StatusOr<bool> Team::is_called_off() {
  RESTEM_RETURN_IF_ERROR(CheckStop());
  if (leads()) return false;
  RESTEM_RETURN_IF_ERROR(check_leader());
  RESTEM_ASSIGN_OR_RETURN(const auto call, store_->find(kCall));
  return call != last_call_;
}

Leases Team::leases(std::string work, int64_t pieces) {
  return Leases(store_, presence_, std::move(work), pieces, [this] { return is_called_off(); });
}

// A process of this rank, or that none has come.
absl::StatusOr<Presence::Seen> Team::await(int64_t rank) {
  for (bool said = false;; said = true) {
    RESTEM_RETURN_IF_ERROR(CheckStop());
    RESTEM_ASSIGN_OR_RETURN(auto seen, presence_->see(rank, timeout_));
    if (seen.lost || !seen.process.empty()) return seen;
    if (!said) spdlog::info("waiting for rank {} to come", rank);
    std::this_thread::sleep_for(kPause);
  }
}

absl::StatusOr<std::string> Team::process_of(int64_t rank) {
  if (rank == this->rank()) return process();
  RESTEM_ASSIGN_OR_RETURN(Presence::Seen seen, await(rank));
  if (!seen.lost) return std::move(seen.process);
  return Failed(fmt::format("{}: rank {} is lost", store_->who(), rank));
}

absl::StatusOr<std::vector<std::string>> Team::present() {
  std::vector<std::string> processes;
  for (int64_t other = 0; other < size(); ++other) {
    if (other == rank()) {
      processes.push_back(process());
      continue;
    }
    RESTEM_ASSIGN_OR_RETURN(Presence::Seen seen, await(other));
    RESTEM_ASSIGN_OR_RETURN(const auto left, store_->find(LeftKey(other)));
    if (!seen.lost && !left) processes.push_back(std::move(seen.process));
  }
  return processes;
}

absl::Status Team::leave(std::chrono::milliseconds longest) {
  RESTEM_RETURN_IF_ERROR(store_->set(LeftKey(rank()), "1"));
  if (!leads()) return absl::OkStatus();
  const auto deadline = std::chrono::steady_clock::now() + longest;
  for (int64_t other = 1; other < size(); ++other) {
    while (std::chrono::steady_clock::now() < deadline) {
      RESTEM_ASSIGN_OR_RETURN(const auto left, store_->find(LeftKey(other)));
      RESTEM_ASSIGN_OR_RETURN(const auto seen, presence_->see(other, presence_->patience()));
      if (left || seen.lost) break;
      std::this_thread::sleep_for(kPause);
    }
  }
  return absl::OkStatus();
}

}  // namespace restem
