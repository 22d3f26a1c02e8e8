// The verdicts of an iteration while they come in: judged by a pool of threads, each recorded as it
// is known.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/status.h"
#include "io/journal.h"
#include "loop/run.h"
#include "reward/pool.h"

namespace restem {

class ScoreJournal {
 public:
  // Takes each verdict once it is recorded. Called from the pool's threads, one at a time, and from
  // within judge().
  using Observer = std::function<absl::Status(const Verdict&)>;

  // Continues the journal of the file `verdicts`. A verdict of `error` there counts as not judged:
  // the cause may be mended.
  static absl::StatusOr<std::unique_ptr<ScoreJournal>> open(const Run& run,
                                                            const std::string& verdicts,
                                                            Observer observe = nullptr);

  // Whether the journal knew the sample's verdict when it was opened.
  bool is_judged(const Sample& sample) const;
  // Hands the journal's verdict to the observer; without one, judges in the background and waits
  // only while the queue is full.
  absl::Status judge(const Sample& sample);
  // Waits for all verdicts.
  absl::Status close();

  // Of all samples that judge() was called with; valid after close().
  ScoreCounts counts() const;
  const std::string& path() const { return journal_->path(); }

 private:
  ScoreJournal(const Run& run, Observer observe);
  absl::Status replay(std::string_view line);
  absl::Status record(const Verdict& verdict);

  const Observer observe_;
  std::unordered_map<std::string, const Problem*> problems_;
  std::map<std::pair<std::string, int64_t>, VerdictKind> judged_;  // when the journal was opened
  ScoreCounts earlier_;                                            // of those judged then
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<ScoringPool> pool_;  // writes to journal_: goes first
};

}  // namespace restem
