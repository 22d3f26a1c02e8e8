// From the journal of a running stage to its finished file.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "base/status.h"
#include "data/types.h"

namespace restem {

// Which (problem, sample) pairs are recorded.
class RecordedSamples {
 public:
  void insert(const std::string& problem, int64_t sample) { by_problem_[problem].insert(sample); }
  bool contains(const std::string& problem, int64_t sample) const {
    const auto found = by_problem_.find(problem);
    return found != by_problem_.end() && found->second.contains(sample);
  }

 private:
  std::unordered_map<std::string, std::unordered_set<int64_t>> by_problem_;
};

// Whether `path` is finished: renamed into place by a process that ended before it said so. Removes
// what is left of its journal then.
bool IsFinished(const std::string& path, const std::string& journal);

// Whether a record belongs in the finished file.
using KeepFn = std::function<bool(const std::string& problem, int64_t sample)>;

// Sorts the journal's lines by problem order and sample and renames the result to `path`, then
// removes the journal. Of several lines for one sample the last counts. Lines that `keep`, if
// given, refuses are left out. Failed where there are not exactly `expected` others.
absl::Status FinishRecords(const std::string& journal,
                           const std::string& path,
                           std::span<const Problem> problems,
                           int64_t expected,
                           const KeepFn& keep = nullptr);

}  // namespace restem
