#include "comm/presence.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace restem {
namespace {

std::string KeyOf(int64_t rank) { return fmt::format("present/{}", rank); }

}  // namespace

Presence::Presence(std::shared_ptr<Store> store, std::chrono::milliseconds patience)
    : store_(std::move(store)), patience_(patience), thread_([this] { run(); }) {}

Presence::~Presence() {
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
  }
  ended_.notify_one();
  thread_.join();
}

void Presence::run() {
  const auto pause = std::min<std::chrono::milliseconds>(std::chrono::seconds(1), patience_ / 5);
  std::unique_lock lock(mutex_);
  for (int64_t sign = 1; !end_; ++sign) {
    lock.unlock();
    const absl::Status said =
        store_->set(KeyOf(store_->launch().rank), fmt::format("{} {}", store_->process(), sign));
    // Whoever asks the store for something finds out too, and reports it.
    if (!said.ok()) spdlog::debug("{}", MessageOf(said));
    lock.lock();
    ended_.wait_for(lock, pause, [&] { return end_; });
  }
}

absl::StatusOr<Presence::Seen> Presence::see(int64_t rank, std::chrono::milliseconds to_come) {
  const auto now = std::chrono::steady_clock::now();
  RESTEM_ASSIGN_OR_RETURN(const auto sign, store_->find(KeyOf(rank)));
  const std::lock_guard lock(mutex_);
  const auto [place, is_new] = heard_.try_emplace(rank, Heard{"", now});
  Heard& heard = place->second;
  if (sign && heard.sign != *sign) heard = {*sign, now};
  return Seen{heard.sign.substr(0, heard.sign.find(' ')),
              now - heard.since > (heard.sign.empty() ? to_come : patience_)};
}

absl::StatusOr<bool> Presence::is_lost(const std::string& process) {
  RESTEM_ASSIGN_OR_RETURN(const Seen seen, see(RankOf(process), patience_));
  return seen.lost || (!seen.process.empty() && seen.process != process);
}

}  // namespace restem
