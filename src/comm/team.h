// The processes of a run. Rank 0 leads: it alone decides what is done, and writes what is finished;
// the others help where it calls them.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "comm/group.h"
#include "comm/launch.h"
#include "comm/leases.h"
#include "comm/options.h"
#include "comm/presence.h"
#include "comm/store.h"

namespace restem {

class Team {
 public:
  // Null where this process was started alone. Errors are those of ReadLaunch and Store::connect.
  static absl::StatusOr<std::shared_ptr<Team>> join(const ClusterOptions& options);

  int64_t rank() const { return store_->launch().rank; }
  int64_t size() const { return store_->launch().world_size; }
  bool leads() const { return rank() == 0; }

  // The leader's: something that the others ask for by its name.
  absl::Status tell(const std::string& name, const std::string& value);
  // The others': waits until the leader has told it. Failed where the leader is lost.
  absl::StatusOr<std::string> ask(const std::string& name);

  // The leader's: what all do now, in a word or two. A later call takes the place of the one
  // before.
  absl::Status call(const std::string& what);
  // The others': the last call, once there is one that they have not had. Failed where the leader
  // is lost.
  absl::StatusOr<std::string> next_call();

  // The others': whether there is another call by now. Failed where the leader is lost.
  absl::StatusOr<bool> is_called_off();

  // `pieces` of a work that all processes name alike, of the last call.
  Leases leases(std::string work, int64_t pieces);

  // The process that has this rank; waits for it to come. Failed where it is lost.
  absl::StatusOr<std::string> process_of(int64_t rank);

  // The processes that are neither lost nor gone, by rank, this one among them. Waits for those
  // that have not come yet as long as for any answer.
  absl::StatusOr<std::vector<std::string>> present();
  // This one's name among them: another start of the same rank has another.
  const std::string& process() const { return store_->process(); }

  // Of the processes `members`, all of which call this; see Group::form.
  absl::StatusOr<std::shared_ptr<Group>> form(const std::string& name,
                                              std::vector<std::string> members) {
    return Group::form(store_, presence_, name, std::move(members));
  }
  // The same for a work of the last call: Unavailable, where another call comes before all have.
  absl::StatusOr<std::shared_ptr<Group>> form_for_call(const std::string& name,
                                                       std::vector<std::string> members) {
    return Group::form(
        store_, presence_, name, std::move(members), Group::Waits::kForAnswer, [this] {
          return is_called_off();
        });
  }

  // The last thing that each process does. The leader waits for the others, at most so long:
  // without it they have no store.
  absl::Status leave(std::chrono::milliseconds longest = std::chrono::minutes(5));

 private:
  Team(std::shared_ptr<Store> store, const ClusterOptions& options);
  absl::Status check_leader();
  absl::StatusOr<Presence::Seen> await(int64_t rank);

  const std::shared_ptr<Store> store_;
  const std::shared_ptr<Presence> presence_;
  const std::chrono::milliseconds timeout_;
  int64_t calls_ = 0;      // that this process has made
  std::string last_call_;  // that it has had
};

}  // namespace restem
