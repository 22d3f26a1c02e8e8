#include "data/select.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/random.h"

namespace restem {
namespace {

struct Judged {
  const Sample* sample = nullptr;
  VerdictKind verdict = VerdictKind::kWrong;
};
using JudgedSamples = std::vector<Judged>;  // of one problem, by sample index

std::string NameOf(const std::string& problem, int64_t sample) {
  return fmt::format("sample {} of problem {}", sample, problem);
}

// Samples by problem, each with its verdict.
absl::StatusOr<std::vector<JudgedSamples>> Join(const SelectInput& input) {
  std::unordered_map<std::string_view, size_t> place;
  for (size_t i = 0; i < input.problems.size(); ++i) place.emplace(input.problems[i].id, i);
  std::unordered_map<std::string_view, std::unordered_map<int64_t, VerdictKind>> verdicts;
  for (const Verdict& verdict : input.verdicts) {
    verdicts[verdict.problem].insert_or_assign(verdict.sample, verdict.verdict);
  }
  std::vector<JudgedSamples> by_problem(input.problems.size());
  for (const Sample& sample : input.samples) {
    const auto problem = place.find(sample.problem);
    if (problem == place.end()) {
      return InvalidInput(
          fmt::format("{}: no such problem in the data", NameOf(sample.problem, sample.sample)));
    }
    const auto& of_problem = verdicts[sample.problem];
    const auto verdict = of_problem.find(sample.sample);
    if (verdict == of_problem.end()) {
      return InvalidInput(fmt::format("{} has no verdict", NameOf(sample.problem, sample.sample)));
    }
    by_problem[problem->second].push_back({&sample, verdict->second});
  }
  for (JudgedSamples& samples : by_problem) {
    const auto index = [](const Judged& judged) { return judged.sample->sample; };
    std::ranges::sort(samples, {}, index);
    const auto twice = std::ranges::adjacent_find(samples, {}, index);
    if (twice != samples.end()) {
      return InvalidInput(
          fmt::format("{} is there twice", NameOf(twice->sample->problem, index(*twice))));
    }
  }
  return by_problem;
}

bool IsTruncated(const Sample& sample) { return sample.finish_reason == FinishReason::kLength; }

// Drops what can never be an example; `samples` stay in the order of their index.
void DropUnfit(const SelectOptions& options, std::vector<const Sample*>& samples) {
  std::erase_if(samples, [&](const Sample* sample) {
    return sample->tokens.empty() || (IsTruncated(*sample) && !options.include_truncated);
  });
}

// Keeps the first of those with equal text; returns how many went.
int64_t DropDuplicates(const SelectOptions& options, std::vector<const Sample*>& samples) {
  if (options.dedup == "none") return 0;
  std::unordered_set<std::string_view> seen;
  return static_cast<int64_t>(std::erase_if(
      samples, [&](const Sample* sample) { return !seen.insert(sample->text).second; }));
}

// Keeps `count` at random, in the order of their index.
void KeepRandom(size_t count, const RandomStream& stream, std::vector<const Sample*>& samples) {
  Shuffle(std::span(samples), stream);
  samples.resize(std::min(count, samples.size()));
  std::ranges::sort(samples, {}, &Sample::sample);
}

RandomStream StreamOf(const SelectInput& input, StreamPurpose purpose, size_t problem) {
  return {input.seed, purpose, input.iteration, input.problems[problem].id, /*index=*/0};
}

void ApplyCap(const SelectInput& input, size_t problem, std::vector<const Sample*>& samples) {
  const auto cap = static_cast<size_t>(input.options.max_correct_per_problem);
  if (cap == 0 || samples.size() <= cap) return;
  if (input.options.order == "random") {
    KeepRandom(cap, StreamOf(input, StreamPurpose::kSelect, problem), samples);
    return;
  }
  if (input.options.order == "shortest") {
    std::ranges::stable_sort(
        samples, {}, [](const Sample* sample) { return sample->tokens.size(); });
  }
  samples.resize(cap);
  std::ranges::sort(samples, {}, &Sample::sample);
}

double WeightOf(std::string_view weighting, const Sample& sample, size_t kept) {
  if (weighting == "token") return static_cast<double>(sample.tokens.size());
  return weighting == "problem" ? 1.0 / static_cast<double>(kept) : 1.0;
}

void AppendExamples(const SelectInput& input,
                    size_t problem,
                    std::span<const Sample* const> kept,
                    Selection& selection) {
  for (const Sample* sample : kept) {
    selection.examples.push_back({sample->problem,
                                  sample->sample,
                                  input.prompts[problem],
                                  sample->tokens,
                                  WeightOf(input.weighting, *sample, kept.size())});
  }
  selection.stats.kept += static_cast<int64_t>(kept.size());
}

void Count(const JudgedSamples& samples, SelectStats& stats) {
  int64_t correct = 0;
  for (const auto& [sample, verdict] : samples) {
    correct += verdict == VerdictKind::kCorrect;
    stats.errors += verdict == VerdictKind::kError;
    stats.truncated += IsTruncated(*sample);
    stats.truncated_correct += IsTruncated(*sample) && verdict == VerdictKind::kCorrect;
  }
  stats.samples += static_cast<int64_t>(samples.size());
  stats.correct += correct;
  stats.zero_correct += correct == 0;
}

// What SelectCorrect keeps of one problem.
std::vector<const Sample*> KeptCorrect(const SelectInput& input,
                                       size_t problem,
                                       const JudgedSamples& judged,
                                       SelectStats& stats) {
  std::vector<const Sample*> samples;
  for (const auto& [sample, verdict] : judged) {
    if (verdict == VerdictKind::kCorrect) samples.push_back(sample);
  }
  DropUnfit(input.options, samples);
  stats.duplicates += DropDuplicates(input.options, samples);
  const size_t before = samples.size();
  ApplyCap(input, problem, samples);
  stats.capped += samples.size() < before;
  return samples;
}

absl::Status CheckInput(const SelectInput& input) {
  if (input.prompts.size() == input.problems.size()) return absl::OkStatus();
  return Failed(
      fmt::format("{} prompts for {} problems", input.prompts.size(), input.problems.size()));
}

}  // namespace

absl::StatusOr<Selection> SelectCorrect(const SelectInput& input) {
  RESTEM_RETURN_IF_ERROR(CheckInput(input));
  RESTEM_ASSIGN_OR_RETURN(const auto by_problem, Join(input));
  Selection selection;
  selection.stats.problems = static_cast<int64_t>(input.problems.size());
  for (size_t i = 0; i < by_problem.size(); ++i) {
    Count(by_problem[i], selection.stats);
    AppendExamples(input, i, KeptCorrect(input, i, by_problem[i], selection.stats), selection);
  }
  return selection;
}

absl::StatusOr<Selection> SelectRandomControl(const SelectInput& input) {
  RESTEM_RETURN_IF_ERROR(CheckInput(input));
  RESTEM_ASSIGN_OR_RETURN(const auto by_problem, Join(input));
  Selection selection;
  selection.stats.problems = static_cast<int64_t>(input.problems.size());
  for (size_t i = 0; i < by_problem.size(); ++i) {
    Count(by_problem[i], selection.stats);
    // Enough are left for the same count: the correct ones kept pass the same rules.
    const size_t count = KeptCorrect(input, i, by_problem[i], selection.stats).size();
    std::vector<const Sample*> samples;
    for (const Judged& judged : by_problem[i]) {
      if (judged.verdict != VerdictKind::kError) samples.push_back(judged.sample);
    }
    DropUnfit(input.options, samples);
    DropDuplicates(input.options, samples);
    KeepRandom(count, StreamOf(input, StreamPurpose::kControl, i), samples);
    AppendExamples(input, i, samples, selection);
  }
  return selection;
}

}  // namespace restem
