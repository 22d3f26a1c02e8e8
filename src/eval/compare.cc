#include "eval/compare.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <unordered_map>

#include "eval/metrics.h"

namespace restem {
namespace {

struct Pair {
  const ProblemOutcome* a;
  const ProblemOutcome* b;
};

using ById = std::unordered_map<std::string_view, const ProblemOutcome*>;

absl::StatusOr<ById> IndexById(const SetResult& set, std::string_view side) {
  ById index;
  for (const ProblemOutcome& outcome : set.outcomes) {
    if (!index.emplace(outcome.id, &outcome).second) {
      return InvalidInput(fmt::format("the {} evaluation has problem {} twice", side, outcome.id));
    }
  }
  return index;
}

// "3 problems are missing from the second: a, b, c", or empty.
std::string Missing(const SetResult& from, const ById& in, std::string_view side) {
  constexpr size_t kNamed = 5;
  std::vector<std::string_view> ids;
  size_t count = 0;
  for (const ProblemOutcome& outcome : from.outcomes) {
    if (in.contains(outcome.id)) continue;
    if (++count <= kNamed) ids.push_back(outcome.id);
  }
  if (count == 0) return "";
  return fmt::format("; the {} lacks {} problem{}: {}{}",
                     side,
                     count,
                     count == 1 ? "" : "s",
                     fmt::join(ids, ", "),
                     count > kNamed ? ", …" : "");
}

absl::StatusOr<std::vector<Pair>> PairUp(const SetResult& a, const SetResult& b) {
  RESTEM_ASSIGN_OR_RETURN(const ById in_a, IndexById(a, "first"));
  RESTEM_ASSIGN_OR_RETURN(const ById in_b, IndexById(b, "second"));
  const std::string missing = Missing(a, in_b, "second") + Missing(b, in_a, "first");
  if (!missing.empty()) {
    return InvalidInput("a paired comparison needs the same problems on both sides" + missing);
  }
  if (a.outcomes.empty()) return InvalidInput("the evaluations hold no problem outcomes");
  std::vector<Pair> pairs;
  for (const ProblemOutcome& outcome : a.outcomes) pairs.push_back({&outcome, in_b.at(outcome.id)});
  return pairs;
}

// Gathers the columns that are compared, so that one bootstrap serves all.
class Columns {
 public:
  template <typename Value>
  void add(const std::vector<Pair>& pairs, PairedDifference& result, const Value& value) {
    std::vector<double> differences;
    double sum_a = 0.0;
    double sum_b = 0.0;
    for (const Pair& pair : pairs) {
      const double a = value(*pair.a);
      const double b = value(*pair.b);
      sum_a += a;
      sum_b += b;
      differences.push_back(b - a);
    }
    result.a = sum_a / static_cast<double>(pairs.size());
    result.b = sum_b / static_cast<double>(pairs.size());
    columns_.push_back(std::move(differences));
    results_.push_back(&result);
  }

  void fill_intervals() const {
    const std::vector<Interval> intervals = BootstrapMeans(columns_);
    for (size_t i = 0; i < results_.size(); ++i) results_[i]->interval = intervals[i];
  }

 private:
  std::vector<std::vector<double>> columns_;
  std::vector<PairedDifference*> results_;
};

bool HaveGreedy(const std::vector<Pair>& pairs) {
  return std::all_of(
      pairs.begin(), pairs.end(), [](const Pair& p) { return p.a->greedy && p.b->greedy; });
}

void AddGreedy(const std::vector<Pair>& pairs, Columns& columns, SetComparison& result) {
  columns.add(pairs, result.greedy.emplace(), [](const ProblemOutcome& o) {
    return o.greedy_correct() ? 1.0 : 0.0;
  });
  for (const auto& [a, b] : pairs) {
    if (!a->greedy_correct() && b->greedy_correct()) result.gained.push_back(a->id);
    if (a->greedy_correct() && !b->greedy_correct()) result.lost.push_back(a->id);
  }
  result.mcnemar_p = McNemarExact(static_cast<int64_t>(result.gained.size()),
                                  static_cast<int64_t>(result.lost.size()));
}

void AddPassAtK(const SetResult& a,
                const SetResult& b,
                const std::vector<Pair>& pairs,
                Columns& columns,
                SetComparison& result) {
  int64_t fewest = pairs.front().a->samples;
  for (const Pair& pair : pairs) fewest = std::min({fewest, pair.a->samples, pair.b->samples});
  std::vector<int64_t> ks = {1};
  for (const auto& [k, value] : a.pass_at_k) {
    if (k != 1 && b.pass_at_k.contains(k)) ks.push_back(k);
  }
  for (const int64_t k : ks) {
    if (k > fewest) continue;
    columns.add(pairs, result.pass_at_k[k], [k](const ProblemOutcome& o) {
      return PassAtK(o.samples, o.correct, k);
    });
  }
}

void AddMajority(const SetResult& a,
                 const SetResult& b,
                 const std::vector<Pair>& pairs,
                 Columns& columns,
                 SetComparison& result) {
  const bool comparable = !a.maj_at_k.empty() && !b.maj_at_k.empty() &&
                          a.maj_at_k.rbegin()->first == b.maj_at_k.rbegin()->first;
  if (!comparable) return;
  columns.add(pairs, result.majority.emplace(), [](const ProblemOutcome& o) {
    return o.majority == VerdictKind::kCorrect ? 1.0 : 0.0;
  });
}

std::vector<DifficultyBin> BinByDifficulty(const std::vector<Pair>& pairs) {
  constexpr std::array<double, 4> kFrom = {0.75, 0.5, 0.25, 0.0};
  std::vector<DifficultyBin> bins = {
      {.label = ">=75%"}, {.label = "50-75%"}, {.label = "25-50%"}, {.label = "<25%"}};
  for (const auto& [a, b] : pairs) {
    if (a->samples == 0) return {};
    size_t bin = 0;
    while (a->success_rate() < kFrom[bin]) ++bin;
    ++bins[bin].problems;
    bins[bin].a_correct += a->greedy_correct() ? 1 : 0;
    bins[bin].b_correct += b->greedy_correct() ? 1 : 0;
  }
  return bins;
}

nlohmann::ordered_json ToJson(const PairedDifference& d) {
  return {{"a", d.a},
          {"b", d.b},
          {"difference", d.difference()},
          {"interval95", {d.interval.low, d.interval.high}}};
}

std::string Listed(const EvalRecord& record) {
  std::vector<std::string_view> names;
  for (const auto& [name, set] : record.sets) names.push_back(name);
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

absl::StatusOr<SetComparison> CompareSets(const SetResult& a, const SetResult& b) {
  RESTEM_ASSIGN_OR_RETURN(const std::vector<Pair> pairs, PairUp(a, b));
  SetComparison result;
  result.problems = static_cast<int64_t>(pairs.size());
  Columns columns;
  if (HaveGreedy(pairs)) {
    AddGreedy(pairs, columns, result);
    result.bins = BinByDifficulty(pairs);
  }
  AddPassAtK(a, b, pairs, columns, result);
  AddMajority(a, b, pairs, columns, result);
  columns.fill_intervals();
  return result;
}

absl::StatusOr<std::map<std::string, SetComparison>> CompareRecords(const EvalRecord& a,
                                                                    const EvalRecord& b) {
  std::map<std::string, SetComparison> comparisons;
  for (const auto& [name, set] : a.sets) {
    const auto other = b.sets.find(name);
    if (other == b.sets.end()) continue;
    auto comparison = CompareSets(set, other->second);
    if (!comparison.ok()) return Annotate(comparison.status(), "test set " + name);
    comparisons.emplace(name, *std::move(comparison));
  }
  if (comparisons.empty()) {
    return InvalidInput(fmt::format(
        "no test set in common: the first has {}, the second {}", Listed(a), Listed(b)));
  }
  return comparisons;
}

nlohmann::ordered_json ToJson(const SetComparison& comparison) {
  nlohmann::ordered_json object = {{"problems", comparison.problems},
                                   {"interval_method", kIntervalMethod}};
  if (comparison.greedy) {
    object["pass@1"] = ToJson(*comparison.greedy);
    object["mcnemar_p"] = comparison.mcnemar_p;
    object["gained"] = comparison.gained;
    object["lost"] = comparison.lost;
  }
  object["pass@k"] = nlohmann::ordered_json::object();
  for (const auto& [k, difference] : comparison.pass_at_k)
    object["pass@k"][std::to_string(k)] = ToJson(difference);
  if (comparison.majority) object["majority"] = ToJson(*comparison.majority);
  object["bins"] = nlohmann::ordered_json::array();
  for (const DifficultyBin& bin : comparison.bins) {
    object["bins"].push_back({{"base_success", bin.label},
                              {"problems", bin.problems},
                              {"a_correct", bin.a_correct},
                              {"b_correct", bin.b_correct}});
  }
  return object;
}

}  // namespace restem
