// The key-value store in which the processes of a run meet: c10d's TCPStore, served by torchrun's
// agent or by rank 0.
#pragma once

#include <c10/util/intrusive_ptr.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/status.h"
#include "comm/launch.h"
#include "comm/watchdog.h"

namespace c10d {
class Store;
}

namespace restem {

// One start of a run's processes is a session: what an earlier one left in the store is under
// another name. And a process that was started again is another than before, though its rank is
// the same.
//
// Thread-safe. Every call is short, and has an answer or is an error: where the server is gone it
// is Failed, naming it; where it is silent beyond the watchdog's limit, the process ends.
class Store {
 public:
  // Waits for the server, and for rank 0 to begin a session, as long as the watchdog's limit.
  // `launch` is not alone.
  static absl::StatusOr<std::shared_ptr<Store>> connect(const Launch& launch,
                                                        std::chrono::seconds limit);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Others may find it a moment later; what one process sets, in the order of its calls.
  absl::Status set(const std::string& key, const std::string& value);
  // nullopt where nobody has set it.
  absl::StatusOr<std::optional<std::string>> find(const std::string& key);
  // Of each key, an empty string where nobody has set it.
  absl::StatusOr<std::vector<std::string>> find_all(const std::vector<std::string>& keys);
  // Adds to a number, which begins at 0; returns the sum.
  absl::StatusOr<int64_t> add(const std::string& key, int64_t amount);
  // Sets the key where its value is `expected` (empty: nobody has set it); whether it is `value`
  // then.
  absl::StatusOr<bool> replace(const std::string& key,
                               const std::string& expected,
                               const std::string& value);

  // What c10d's own protocols write and read goes under `prefix`.
  c10::intrusive_ptr<c10d::Store> prefixed(const std::string& prefix) const;

  // This process among all that ever had its rank: "2.9f03c1d2".
  const std::string& process() const { return process_; }
  const Launch& launch() const { return launch_; }
  Watchdog& watchdog() { return watchdog_; }
  // "rank 1 of 4", for messages.
  std::string who() const;

 private:
  Store(Launch launch, std::chrono::seconds limit);
  absl::Status open();
  absl::Status attempt(std::chrono::seconds limit);
  absl::Status enter_session();
  void welcome_others(c10d::Store& outside, const std::string& session);
  absl::Status guarded(const std::string& doing, const std::function<void()>& call);

  const Launch launch_;
  Watchdog watchdog_;
  const std::string process_;
  struct Connection;  // keeps c10d's headers out of this one
  std::unique_ptr<Connection> connection_;
  std::atomic<bool> closing_{false};
  std::thread host_;  // rank 0's: tells others the session
};

// The rank of a process by its name; -1 where it is none.
int64_t RankOf(const std::string& process);

}  // namespace restem
