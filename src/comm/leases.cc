#include "comm/leases.h"

#include <fmt/format.h>

#include <chrono>
#include <numeric>
#include <thread>
#include <utility>

#include "base/shutdown.h"

namespace restem {

Leases::Leases(std::shared_ptr<Store> store,
               std::shared_ptr<Presence> presence,
               std::string work,
               int64_t pieces,
               std::function<absl::StatusOr<bool>()> called_off)
    : store_(std::move(store)),
      presence_(std::move(presence)),
      work_(std::move(work)),
      pieces_(pieces),
      called_off_(std::move(called_off)),
      undone_(static_cast<size_t>(pieces)) {
  std::iota(undone_.begin(), undone_.end(), 0);
}

std::string Leases::key(std::string_view what, int64_t piece) const {
  return fmt::format("{}/{}/{}", work_, what, piece);
}

absl::StatusOr<std::optional<int64_t>> Leases::take() {
  while (true) {
    RESTEM_ASSIGN_OR_RETURN(const int64_t count, store_->add(work_ + "/next", 1));
    if (count > pieces_) return std::nullopt;
    // Another may have thought that its taker was lost, if this process stood still just here.
    RESTEM_ASSIGN_OR_RETURN(const bool taken,
                            store_->replace(key("owner", count - 1), "", store_->process()));
    if (!taken) continue;
    own_.push_back(count - 1);
    return count - 1;
  }
}

absl::Status Leases::finish() {
  for (const int64_t piece : own_) RESTEM_RETURN_IF_ERROR(store_->set(key("done", piece), "1"));
  own_.clear();
  return absl::OkStatus();
}

absl::StatusOr<std::optional<Leases::Taken>> Leases::take_over() {
  constexpr std::chrono::milliseconds kPause(100);
  while (true) {
    RESTEM_RETURN_IF_ERROR(CheckStop());
    RESTEM_ASSIGN_OR_RETURN(const bool called_off, called_off_());
    if (called_off) return std::nullopt;
    std::vector<std::string> keys;
    keys.reserve(undone_.size());
    for (const int64_t piece : undone_) keys.push_back(key("done", piece));
    RESTEM_ASSIGN_OR_RETURN(const std::vector<std::string> done, store_->find_all(keys));
    std::vector<int64_t> left;
    for (size_t i = 0; i < done.size(); ++i)
      if (done[i].empty()) left.push_back(undone_[i]);
    undone_ = std::move(left);
    if (undone_.empty()) return std::nullopt;
    RESTEM_ASSIGN_OR_RETURN(const auto taken, look_for_lost(undone_));
    if (taken) return taken;
    std::this_thread::sleep_for(kPause);
  }
}

absl::StatusOr<std::optional<Leases::Taken>> Leases::look_for_lost(
    std::span<const int64_t> undone) {
  for (const int64_t piece : undone) {
    RESTEM_ASSIGN_OR_RETURN(const auto found, store_->find(key("owner", piece)));
    // Between its number and its owner's name a piece has none: whoever took it may have died
    // there.
    const std::string owner = found.value_or("");
    if (owner == store_->process()) continue;
    RESTEM_ASSIGN_OR_RETURN(const bool lost, presence_->is_lost(owner));
    if (!lost) continue;
    RESTEM_ASSIGN_OR_RETURN(const bool mine,
                            store_->replace(key("owner", piece), owner, store_->process()));
    if (!mine) continue;
    own_.push_back(piece);
    return Taken{piece, RankOf(owner)};
  }
  return std::nullopt;
}

}  // namespace restem
