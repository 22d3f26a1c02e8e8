// Accuracy of a problem from its judged samples: unbiased pass@k and the majority vote.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "data/types.h"

namespace restem {

// The chance that at least one of k samples, drawn without replacement from `samples` of which
// `correct` are correct, is correct: 1 - C(n-c, k) / C(n, k) (Chen et al. 2021, arXiv 2107.03374,
// equation 1), as a product that cannot overflow. Requires 0 <= correct <= samples and 1 <= k <=
// samples.
double PassAtK(int64_t samples, int64_t correct, int64_t k);

// One sample's part in a vote.
struct Ballot {
  std::string answer;  // as the verifier extracted it; empty: no answer, and no vote
  VerdictKind verdict = VerdictKind::kWrong;
};

struct Majority {
  std::string answer;  // empty when no sample had an answer
  int64_t votes = 0;
  VerdictKind verdict =
      VerdictKind::kWrong;  // the winning answer's; wrong when nothing was voted for
};

// maj@k: the answer most often given by the first k ballots; of equals, the one seen first. An
// answer whose verdict failed (error) once but came out another time has the verdict that came out.
// k larger than the ballots means all.
Majority MajorityVote(std::span<const Ballot> ballots, int64_t k);

}  // namespace restem
