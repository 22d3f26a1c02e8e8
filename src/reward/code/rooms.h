// As many rooms as programs may run at once; whoever wants one waits.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "base/status.h"
#include "reward/sandbox/sandbox.h"

namespace restem {

// A sandbox for the program and one for its tests, so that the tests are out of the program's
// reach. Null until they are needed, and again after a program that did not leave its room as it
// found it.
struct Room {
  std::unique_ptr<Sandbox> program;
  std::unique_ptr<Sandbox> tests;
};

class Rooms {
 public:
  Rooms(SandboxOptions options, size_t count);

  // A room of one's own until it goes out of scope.
  class Lease {
   public:
    explicit Lease(Rooms& rooms);
    ~Lease();
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    // A living sandbox, started where there is none. The errors of Sandbox::start().
    absl::StatusOr<Sandbox*> program() { return rooms_.living(room_.program); }
    absl::StatusOr<Sandbox*> tests() { return rooms_.living(room_.tests); }
    void discard_program() { room_.program.reset(); }
    void discard_tests() { room_.tests.reset(); }

   private:
    Rooms& rooms_;
    Room room_;
  };

 private:
  absl::StatusOr<Sandbox*> living(std::unique_ptr<Sandbox>& sandbox) const;

  const SandboxOptions options_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<Room> free_;  // the one used last comes first: its pages are in the caches
};

}  // namespace restem
