// Group commit: callers with one request each share round trips. A caller that finds fewer than
// max_in_flight round trips under way takes what waits, up to batch_size requests, and makes one
// for all of them; the others wait. So a lone request goes at once, and batches grow as load does.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <span>
#include <vector>

#include "reward/verifier.h"

namespace restem {

// What a round trip came to.
struct BatchOutcome {
  std::vector<Judgement> judgements;  // of each request, in order
  bool failed = false;                // no request was judged
  // It failed, and one of the requests may be why: the others may do without it.
  bool divisible = false;
};

class Batcher {
 public:
  struct Options {
    size_t batch_size = 1;
    size_t max_in_flight = 1;
  };
  // Judges up to batch_size requests. `alone`: the request was in a batch that failed. Called from
  // many threads at once; must come back soon once a signal came.
  using RoundTrip =
      std::function<BatchOutcome(std::span<const nlohmann::json* const> requests, bool alone)>;

  Batcher(const Options& options, RoundTrip round_trip)
      : options_(options), round_trip_(std::move(round_trip)) {}

  // Thread-safe; blocks until the request is judged. Requests of a failed batch go again, each
  // alone, unless all that goes out fails. An error once a signal came.
  Judgement judge(nlohmann::json request);

 private:
  struct Item {
    nlohmann::json request;
    bool waiting = true;  // in no round trip
    bool alone = false;
    bool done = false;
    Judgement judgement;
  };
  using Items = std::vector<std::shared_ptr<Item>>;

  Items take();
  void lead(std::unique_lock<std::mutex>& lock);
  void deliver(const Items& items, BatchOutcome outcome);
  bool worth_dividing() const { return failed_in_a_row_ < 2 * options_.max_in_flight; }

  const Options options_;
  const RoundTrip round_trip_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Item>> waiting_;
  size_t in_flight_ = 0;
  size_t failed_in_a_row_ = 0;  // round trips
};

}  // namespace restem
