// How a group comes to be: its members meet, and connect to one another.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <utility>

#include "comm/group_backend.h"
#include "comm/local_address.h"

namespace restem {
namespace {

// In which all connect to all, where the patience is less than twice as much.
constexpr std::chrono::milliseconds kLongestMeeting = std::chrono::seconds(8);

}  // namespace

absl::StatusOr<std::shared_ptr<Group>> Group::form(std::shared_ptr<Store> store,
                                                   std::shared_ptr<Presence> presence,
                                                   std::string name,
                                                   std::vector<std::string> members,
                                                   Waits waits,
                                                   CalledOff called_off) {
  std::shared_ptr<Group> group(
      new Group(std::move(store), std::move(presence), std::move(name), std::move(members)));
  group->called_off_ = std::move(called_off);
  RESTEM_RETURN_IF_ERROR(group->meet(waits));
  group->called_off_ = nullptr;
  return group;
}

absl::StatusOr<std::shared_ptr<Group>> Group::form_among(const std::string& name,
                                                         std::span<const int64_t> ranks,
                                                         Waits waits) const {
  std::vector<std::string> members;
  for (const int64_t rank : ranks) members.push_back(members_[static_cast<size_t>(rank)]);
  return form(store_, presence_, fmt::format("{}, {}", name_, name), std::move(members), waits);
}

// The address at which the others reach this process: by default the one from which it reaches the
// store.
absl::StatusOr<std::string> Group::own_address() {
  RESTEM_ASSIGN_OR_RETURN(const std::string mine, LocalAddressToward(store_->launch().address));
  RESTEM_RETURN_IF_ERROR(tell("address", mine));
  std::string used = mine;
  for (int64_t other = 0; other < size(); ++other) {
    RESTEM_ASSIGN_OR_RETURN(const std::string theirs, ask(other, "address"));
    // The store's own node reaches it without leaving the node; the others are elsewhere.
    if (IsLoopback(used) && !IsLoopback(theirs)) {
      RESTEM_ASSIGN_OR_RETURN(used, LocalAddressToward(theirs));
    }
  }
  return used;
}

absl::Status Group::meet(Waits waits) {
  RESTEM_ASSIGN_OR_RETURN(const std::string address, own_address());
  const char* interface = std::getenv("GLOO_SOCKET_IFNAME");  // c10d's
  try {
    // All have said where they are: who is not there now is lost.
    const std::chrono::milliseconds limit = store_->watchdog().limit();
    const auto longest = std::min(limit, std::max(kLongestMeeting, presence_->patience() / 2));
    auto options = c10d::ProcessGroupGloo::Options::create(longest);
    options->devices.push_back(interface != nullptr
                                   ? c10d::ProcessGroupGloo::createDeviceForInterface(interface)
                                   : c10d::ProcessGroupGloo::createDeviceForHostname(address));
    backend_ = std::make_unique<Backend>(
        c10::make_intrusive<c10d::ProcessGroupGloo>(store_->prefixed(fmt::format("gloo/{}", name_)),
                                                    static_cast<int>(rank_),
                                                    static_cast<int>(size()),
                                                    options));
    constexpr std::chrono::milliseconds kAnyTime = std::chrono::hours(24 * 365);
    backend_->gloo->setTimeout(waits == Waits::kForWork ? kAnyTime : limit);
  } catch (const std::exception& error) {
    return explain("connecting", FirstLine(error));
  }
  return absl::OkStatus();
}

}  // namespace restem
