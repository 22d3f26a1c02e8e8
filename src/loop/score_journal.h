// The verdicts of an iteration while they come in: judged by a pool of threads, each recorded as it
// is known.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "base/status.h"
#include "io/journal.h"
#include "loop/record_file.h"
#include "loop/run.h"
#include "reward/pool.h"

namespace restem {

class ScoreJournal {
 public:
  // Continues the journal of `iteration`. A verdict of `error` there counts as not judged: the
  // cause may be mended.
  static absl::StatusOr<std::unique_ptr<ScoreJournal>> open(const Run& run, int64_t iteration);

  bool is_judged(const std::string& problem, int64_t sample) const {
    return judged_.contains(problem, sample);
  }
  // Judges in the background; waits only while the queue is full.
  absl::Status submit(const Sample& sample);
  // Waits for all verdicts.
  absl::Status close();

  // Of everything in the journal; valid after close().
  ScoreCounts counts() const;
  const std::string& path() const { return journal_->path(); }

 private:
  explicit ScoreJournal(const Run& run);
  absl::Status replay(std::string_view line);

  std::unordered_map<std::string, const Problem*> problems_;
  RecordedSamples judged_;  // when the journal was opened
  ScoreCounts earlier_;     // the same
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<ScoringPool> pool_;  // writes to journal_: goes first
};

}  // namespace restem
