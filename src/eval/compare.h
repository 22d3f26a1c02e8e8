// Paired comparison of two evaluations of the same test set.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "eval/eval_record.h"
#include "eval/statistics.h"

namespace restem {

// b minus a.
struct PairedDifference {
  double a = 0.0;
  double b = 0.0;
  Interval interval;  // 95%, of the difference; see kIntervalMethod
  double difference() const { return b - a; }
};

// Problems whose success rate under a, over its drawn samples, falls into one range.
struct DifficultyBin {
  std::string_view label;  // ">=75%", "50-75%", "25-50%", "<25%"
  int64_t problems = 0;
  int64_t a_correct = 0;  // by greedy decoding
  int64_t b_correct = 0;
};

struct SetComparison {
  int64_t problems = 0;
  std::optional<PairedDifference> greedy;  // pass@1; absent where either side lacks it
  double mcnemar_p = 1.0;                  // exact, two-sided, of greedy
  std::vector<std::string> gained;         // ids that a's greedy completion missed and b's solved
  std::vector<std::string> lost;           // the reverse
  std::map<int64_t, PairedDifference>
      pass_at_k;  // k = 1: mean success rate of drawn samples; the k that both sides have
  std::optional<PairedDifference>
      majority;  // at both sides' largest k of maj@k, where that is the same
  // Hardest last; empty where a drew no samples or either lacks greedy outcomes. a is at an
  // advantage in the upper bins and at a disadvantage in the lowest as far as the same luck entered
  // its samples and its greedy completion.
  std::vector<DifficultyBin> bins;
};

// InvalidInput that names missing problems where the two sets do not hold the same ids. Order does
// not matter.
absl::StatusOr<SetComparison> CompareSets(const SetResult& a, const SetResult& b);

// All test sets that both records have; InvalidInput, naming each side's, where there is none.
absl::StatusOr<std::map<std::string, SetComparison>> CompareRecords(const EvalRecord& a,
                                                                    const EvalRecord& b);

nlohmann::ordered_json ToJson(const SetComparison& comparison);

}  // namespace restem
