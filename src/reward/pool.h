// Judges samples on several threads while others are still being drawn.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/bounded_queue.h"
#include "base/status.h"
#include "data/types.h"
#include "reward/verifier.h"

namespace restem {

// What a reward said so far.
struct ScoreCounts {
  int64_t correct = 0;
  int64_t wrong = 0;
  int64_t error = 0;
  std::vector<std::string> first_errors;  // "problem 'id' sample 3: reason", the first few

  int64_t total() const { return correct + wrong + error; }
  void add(const Verdict& verdict);  // e.g. of a journal that is continued
};

struct ScoringOptions {
  size_t jobs = 1;               // threads that judge, at least 1
  size_t queue_capacity = 1024;  // samples that wait; their texts are what the pool holds in memory
  int tries = 2;                 // an `error` verdict is judged again until there were so many
};

// Threads that judge: `asked` (reward.jobs), or as many as are of use on so many threads.
size_t ScoringJobs(const Verifier& verifier, std::optional<int64_t> asked, int64_t threads);

class ScoringPool {
 public:
  // Takes each verdict, in any order; `seconds` is the time that judging took, waiting in the queue
  // not counted. Calls never overlap. An error of it stops the pool.
  using Sink = std::function<absl::Status(Verdict&& verdict, double seconds)>;

  // `verifier` and every problem submitted must outlive the pool.
  ScoringPool(const Verifier& verifier, const ScoringOptions& options, Sink sink);
  ~ScoringPool();  // close()
  ScoringPool(const ScoringPool&) = delete;
  ScoringPool& operator=(const ScoringPool&) = delete;

  // Waits only while the queue is full. The sink's error once it had one; Stopped() once a signal
  // came. Thread-safe.
  absl::Status submit(const Problem& problem, const Sample& sample);
  absl::Status submit(const Problem& problem, int64_t sample, std::string text);

  // No more samples: waits until the submitted ones are judged, and returns the first error. Once a
  // signal came, or after an error, those still in the queue are dropped: a later run judges them.
  absl::Status close();

  ScoreCounts counts() const;

 private:
  struct Item {
    const Problem* problem;
    int64_t sample;
    std::string text;
  };

  void work();
  void hand_on(const Item& item, const Judgement& judgement, double seconds);
  absl::Status status() const;
  void stop(absl::Status status);

  const Verifier& verifier_;
  const int tries_;
  const Sink sink_;
  BoundedQueue<Item> queue_;
  std::mutex sink_mutex_;     // held during a call of sink_
  mutable std::mutex mutex_;  // guards what follows
  ScoreCounts counts_;
  absl::Status status_;
  std::vector<std::thread> threads_;
};

}  // namespace restem
