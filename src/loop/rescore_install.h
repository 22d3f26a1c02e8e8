// The second half of a rescore: verdicts, job and state change together, whatever interrupts it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/status.h"
#include "loop/rescore.h"
#include "loop/run.h"

namespace restem {

// iterations/NN/rescore.json: a rescore is under way.
struct RescoreMarker {
  static constexpr const char* kScoring = "scoring";        // nothing of the run has changed yet
  static constexpr const char* kInstalling = "installing";  // from here on it must be finished

  std::string job;               // hash of the job and of the files that it reads
  std::string phase = kScoring;  // or kInstalling
  std::string suffix;            // of the names of what is kept: "before-rescore"
  bool redo = false;

  static absl::StatusOr<std::optional<RescoreMarker>> load(const RunPaths& paths,
                                                           int64_t iteration);
  absl::Status save(const RunPaths& paths, int64_t iteration) const;
};

// Where a rescore keeps things.
class RescorePaths {
 public:
  RescorePaths(const RunPaths& run, int64_t iteration, std::string suffix)
      : run_(run), iteration_(iteration), suffix_(std::move(suffix)) {}

  std::string marker() const { return run_.iteration(iteration_) + "/rescore.json"; }
  std::string verdicts() const { return run_.verdicts(iteration_); }
  std::string fresh() const { return run_.iteration(iteration_) + "/verdicts.rescore.jsonl"; }
  std::string kept_verdicts() const {
    return fmt::format("{}/verdicts.{}.jsonl", run_.iteration(iteration_), suffix_);
  }
  std::string metrics() const { return run_.root() + "/metrics.jsonl"; }
  std::string kept_metrics() const {
    return fmt::format("{}/metrics.{}.jsonl", run_.root(), suffix_);
  }
  // What `redo` takes back, under its old path.
  std::string kept_stages() const { return fmt::format("{}/{}", run_.root(), suffix_); }

 private:
  const RunPaths& run_;
  const int64_t iteration_;
  const std::string suffix_;
};

// "before-rescore", "before-rescore-2", …: names that nothing has yet.
std::string FreeSuffix(const RunPaths& paths, int64_t iteration);

absl::StatusOr<std::string> RescoreJobHash(const Run& run);

// Each step may have been taken by a process that ended then. With marker.redo, takes back
// `outcome.derived`.
absl::Status InstallRescore(Run& run,
                            int64_t iteration,
                            const RescoreMarker& marker,
                            const RescoreOutcome& outcome);

}  // namespace restem
