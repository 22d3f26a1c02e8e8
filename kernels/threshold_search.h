// Finds where the running mass of candidates in order of descending logit crosses a target, without
// sorting them: radix selection by mass.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/token_rank.h"

namespace restem::kernels {

// A token that may be drawn. Sorted by `order`, candidates are those of descending logit, lower ids
// first where logits are equal.
struct Candidate {
  uint64_t order;  // RankOfLogit, then the id
  float weight;    // not negative

  int32_t token() const { return static_cast<int32_t>(order & 0xFFFFFFFFU); }
  float logit() const { return LogitOfRank(static_cast<uint32_t>(order >> 32)); }
};

inline uint64_t CandidateOrder(float logit, int64_t token) {
  return uint64_t{RankOfLogit(logit)} << 32 | static_cast<uint64_t>(token);
}

struct Crossing {
  Candidate at;
  double mass;  // of all candidates up to and with it
};

// What a search needs room for.
struct SearchRoom {
  std::vector<double> bins;
  std::vector<Candidate> candidates;
};

// The first candidate in order at which the running sum of weights reaches `target`, which is
// positive; where rounding left the target above the last sum, the last that has a weight. At least
// one has.
Crossing FindCrossing(std::span<const Candidate> candidates, double target, SearchRoom& room);

}  // namespace restem::kernels
