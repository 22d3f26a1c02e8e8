#include "reward/preflight.h"

#include <absl/strings/str_join.h>
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/parallel.h"
#include "base/random.h"
#include "reward/field.h"
#include "reward/judge.h"
#include "reward/unicode.h"

namespace restem {
namespace {

constexpr size_t kShownOffences = 5;
constexpr size_t kPartnersTried = 16;

struct Trial {
  std::string completion;
  Judgement judgement;
  bool tried = false;
};

// Equal as the reward reads them: "#### 18" and "So 18 eggs" are. A reward that extracts nothing
// can only be asked by text.
bool SameAnswer(const Problem& a,
                const Trial& gold_a,
                const Problem& b,
                const Trial& gold_b,
                bool extraction_tells) {
  if (gold_a.completion == gold_b.completion) return true;
  if (FieldText(a, "answer") && FieldText(a, "answer") == FieldText(b, "answer")) return true;
  if (!extraction_tells) return false;
  const bool read = gold_a.judgement.verdict == VerdictKind::kCorrect &&
                    gold_b.judgement.verdict == VerdictKind::kCorrect &&
                    !gold_a.judgement.extracted.empty();
  return read && gold_a.judgement.extracted == gold_b.judgement.extracted;
}

// A reward that reads the same out of every gold completion may be one that accepts them all.
bool ExtractionTells(const std::vector<Trial>& gold) {
  const std::string* first = nullptr;
  for (const Trial& trial : gold) {
    if (!trial.tried) continue;
    if (first != nullptr && trial.judgement.extracted != *first) return true;
    first = &trial.judgement.extracted;
  }
  return false;
}

std::vector<Trial> TryGold(const Verifier& verifier,
                           std::span<const Problem> problems,
                           size_t jobs) {
  std::vector<Trial> trials(problems.size());
  ForEachUntilStop(problems.size(), jobs, [&](size_t i) {
    Trial& trial = trials[i];
    trial.completion = verifier.gold_completion(problems[i]);
    if (trial.completion.empty()) return;
    trial.judgement = Judge(verifier, problems[i], trial.completion);
    trial.tried = true;
  });
  return trials;
}

std::vector<Trial> TryShuffled(const Verifier& verifier,
                               std::span<const Problem> problems,
                               const std::vector<Trial>& gold,
                               uint64_t seed,
                               size_t jobs) {
  std::vector<size_t> order(problems.size());
  std::iota(order.begin(), order.end(), size_t{0});
  Shuffle(std::span(order), RandomStream(seed, StreamPurpose::kShuffle, 0, "reward proof", 0));
  const bool tells = ExtractionTells(gold);
  std::vector<Trial> trials(problems.size());
  ForEachUntilStop(problems.size(), jobs, [&](size_t place) {
    const size_t mine = order[place];
    if (!gold[mine].tried) return;
    for (size_t step = 1; step <= std::min(kPartnersTried, problems.size() - 1); ++step) {
      const size_t other = order[(place + step) % order.size()];
      if (!gold[other].tried ||
          SameAnswer(problems[mine], gold[mine], problems[other], gold[other], tells))
        continue;
      trials[mine].completion = gold[other].completion;
      trials[mine].judgement = Judge(verifier, problems[mine], trials[mine].completion);
      trials[mine].tried = true;
      return;
    }
  });
  return trials;
}

std::vector<Trial> TryEmpty(const Verifier& verifier,
                            std::span<const Problem> problems,
                            size_t jobs) {
  std::vector<Trial> trials(problems.size());
  if (!verifier.refuses_nothing()) return trials;
  ForEachUntilStop(problems.size(), jobs, [&](size_t i) {
    trials[i].judgement = Judge(verifier, problems[i], "");
    trials[i].tried = true;
  });
  return trials;
}

void Record(const Problem& problem,
            const Trial& trial,
            VerdictKind wanted,
            int64_t& as_wanted,
            int64_t& errors,
            std::vector<RewardOffence>& offences) {
  if (trial.judgement.verdict == wanted) {
    ++as_wanted;
    return;
  }
  if (trial.judgement.verdict == VerdictKind::kError) ++errors;
  if (offences.size() < kShownOffences)
    offences.push_back({problem.id, trial.completion, trial.judgement});
}

std::string Shown(const std::vector<RewardOffence>& offences) {
  constexpr size_t kShownBytes = 80;
  std::string shown;
  for (const RewardOffence& offence : offences) {
    const size_t size = offence.completion.size();
    const std::string end =
        size > kShownBytes
            ? fmt::format("…{}", ToValidUtf8(offence.completion.substr(size - kShownBytes)))
            : offence.completion;
    shown += fmt::format("\n  problem '{}': \"{}\" is {}{}{}",
                         offence.problem,
                         end,
                         ToString(offence.judgement.verdict),
                         offence.judgement.reason.empty() ? "" : ": ",
                         offence.judgement.reason);
  }
  return shown;
}

}  // namespace

RewardProof ProveReward(const Verifier& verifier,
                        std::span<const Problem> problems,
                        uint64_t seed,
                        size_t jobs) {
  const std::vector<Trial> gold = TryGold(verifier, problems, jobs);
  const std::vector<Trial> shuffled = TryShuffled(verifier, problems, gold, seed, jobs);
  const std::vector<Trial> empty = TryEmpty(verifier, problems, jobs);
  RewardProof proof;
  for (size_t i = 0; i < problems.size(); ++i) {
    const auto record = [&](const Trial& trial,
                            VerdictKind wanted,
                            int64_t& tried,
                            int64_t& as_wanted,
                            int64_t& errors,
                            std::vector<RewardOffence>& offences) {
      if (!trial.tried) return;
      ++tried;
      Record(problems[i], trial, wanted, as_wanted, errors, offences);
    };
    record(gold[i],
           VerdictKind::kCorrect,
           proof.gold_tried,
           proof.gold_correct,
           proof.gold_errors,
           proof.refused_gold);
    record(shuffled[i],
           VerdictKind::kWrong,
           proof.shuffled_tried,
           proof.shuffled_wrong,
           proof.shuffled_errors,
           proof.accepted_shuffled);
    record(empty[i],
           VerdictKind::kWrong,
           proof.empty_tried,
           proof.empty_wrong,
           proof.empty_errors,
           proof.accepted_empty);
    if (!gold[i].tried) ++proof.without_gold;
    if (gold[i].tried && !shuffled[i].tried) ++proof.shuffled_skipped;
  }
  return proof;
}

absl::Status CheckProof(const RewardProof& proof) {
  std::vector<std::string> complaints;
  if (proof.gold_correct < proof.gold_tried) {
    complaints.push_back(fmt::format("the reward accepts only {} of {} gold answers:{}",
                                     proof.gold_correct,
                                     proof.gold_tried,
                                     Shown(proof.refused_gold)));
  }
  if (proof.shuffled_wrong < proof.shuffled_tried) {
    complaints.push_back(
        fmt::format("the reward refuses only {} of {} answers of other problems:{}",
                    proof.shuffled_wrong,
                    proof.shuffled_tried,
                    Shown(proof.accepted_shuffled)));
  }
  if (proof.empty_wrong < proof.empty_tried) {
    complaints.push_back(fmt::format("the reward refuses only {} of {} empty completions:{}",
                                     proof.empty_wrong,
                                     proof.empty_tried,
                                     Shown(proof.accepted_empty)));
  }
  return complaints.empty() ? absl::OkStatus() : InvalidInput(absl::StrJoin(complaints, "\n"));
}

}  // namespace restem
