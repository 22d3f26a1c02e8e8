// Does a reward accept the gold answers, and refuse other problems' ones? Asked before anything is
// sampled.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "data/types.h"
#include "reward/verifier.h"

namespace restem {

struct RewardOffence {
  std::string problem;     // problem id
  std::string completion;  // what was judged
  Judgement judgement;
};

struct RewardProof {
  // Each problem's own gold completion: to be correct.
  int64_t gold_tried = 0;
  int64_t gold_correct = 0;
  int64_t gold_errors = 0;
  int64_t without_gold = 0;  // the reward knows no gold completion for the problem
  // The gold completion of another problem with another answer: to be wrong.
  int64_t shuffled_tried = 0;
  int64_t shuffled_wrong = 0;
  int64_t shuffled_errors = 0;
  int64_t shuffled_skipped = 0;  // no other problem with another answer was found
  // A completion without a word: to be wrong, where the reward says so of itself.
  int64_t empty_tried = 0;
  int64_t empty_wrong = 0;
  int64_t empty_errors = 0;
  // The first few of each, in problem order; errors among them.
  std::vector<RewardOffence> refused_gold;
  std::vector<RewardOffence> accepted_shuffled;
  std::vector<RewardOffence> accepted_empty;
};

// Judges on `jobs` threads; an error is tried once more. Which problems are exchanged depends on
// `seed` alone. A requested stop ends it early, with counts that are too small.
RewardProof ProveReward(const Verifier& verifier,
                        std::span<const Problem> problems,
                        uint64_t seed,
                        size_t jobs = 1);

// InvalidInput, with the rates and the first offenders, unless every gold completion that was tried
// was judged correct, and every shuffled and every empty one wrong.
absl::Status CheckProof(const RewardProof& proof);

}  // namespace restem
