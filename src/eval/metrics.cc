#include "eval/metrics.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace restem {

double PassAtK(int64_t samples, int64_t correct, int64_t k) {
  const int64_t wrong = samples - correct;
  if (wrong < k) return 1.0;  // k samples cannot all be wrong
  // C(n-c, k) / C(n, k) = prod over i in (n-c, n] of (1 - k/i)
  double all_wrong = 1.0;
  for (int64_t i = wrong + 1; i <= samples; ++i) {
    all_wrong *= 1.0 - static_cast<double>(k) / static_cast<double>(i);
  }
  return 1.0 - all_wrong;
}

Majority MajorityVote(std::span<const Ballot> ballots, int64_t k) {
  ballots = ballots.first(std::min(ballots.size(), static_cast<size_t>(std::max<int64_t>(k, 0))));
  std::vector<Majority> candidates;  // in the order in which they were first seen
  std::unordered_map<std::string_view, size_t> index;
  for (const Ballot& ballot : ballots) {
    if (ballot.answer.empty()) continue;
    const auto [it, first_seen] = index.try_emplace(ballot.answer, candidates.size());
    if (first_seen) candidates.push_back({ballot.answer, 0, ballot.verdict});
    Majority& candidate = candidates[it->second];
    ++candidate.votes;
    if (candidate.verdict == VerdictKind::kError) candidate.verdict = ballot.verdict;
  }
  const auto best =
      std::max_element(candidates.begin(), candidates.end(), [](const auto& a, const auto& b) {
        return a.votes < b.votes;  // max_element keeps the first of equals
      });
  return best == candidates.end() ? Majority{} : *best;
}

}  // namespace restem
