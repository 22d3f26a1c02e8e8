#include "loop/stop_at_correct.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace restem {

StopAtCorrect::StopAtCorrect(std::span<const Problem> problems, int64_t samples, int64_t k)
    : samples_(samples), k_(k) {
  for (const Problem& problem : problems) problems_[problem.id].last_wanted = samples - 1;
}

absl::Status StopAtCorrect::drawn(const Sample& sample) {
  const auto found = problems_.find(sample.problem);
  if (found == problems_.end())
    return InvalidInput(fmt::format("problem {} is not in the data", sample.problem));
  if (k_ == 0) return absl::OkStatus();
  const std::lock_guard lock(mutex_);
  found->second.unjudged[sample.sample] = sample.text;
  return absl::OkStatus();
}

std::optional<int64_t> StopAtCorrect::judged(const Verdict& verdict) {
  if (k_ == 0) return std::nullopt;
  const std::lock_guard lock(mutex_);
  State& state = problems_.at(verdict.problem);
  auto text = state.unjudged.extract(verdict.sample);
  if (text.empty() || verdict.verdict != VerdictKind::kCorrect) return std::nullopt;
  int64_t& first =
      state.correct.try_emplace(std::move(text.mapped()), verdict.sample).first->second;
  first = std::min(first, verdict.sample);
  const auto last = last_of_first_k(state);
  if (!last || *last >= state.last_wanted) return std::nullopt;
  state.last_wanted = *last;
  return last;
}

std::optional<int64_t> StopAtCorrect::last_of_first_k(const State& state) const {
  if (static_cast<int64_t>(state.correct.size()) < k_) return std::nullopt;
  std::vector<int64_t> samples;
  for (const auto& [text, sample] : state.correct) samples.push_back(sample);
  const auto kth = samples.begin() + (k_ - 1);
  std::nth_element(samples.begin(), kth, samples.end());
  return *kth;
}

const std::atomic<int64_t>& StopAtCorrect::last_wanted(const std::string& problem) const {
  return problems_.at(problem).last_wanted;
}

bool StopAtCorrect::wants(const std::string& problem, int64_t sample) const {
  return sample <= last_wanted(problem);
}

int64_t StopAtCorrect::wanted() const {
  int64_t count = 0;
  for (const auto& [problem, state] : problems_) count += state.last_wanted + 1;
  return count;
}

int64_t StopAtCorrect::stopped() const {
  return std::count_if(problems_.begin(), problems_.end(), [this](const auto& problem) {
    return problem.second.last_wanted < samples_ - 1;
  });
}

int64_t StopAtCorrect::wave_of(int64_t sample) const {
  constexpr int64_t kLeastFirst = 8;
  int64_t wave = 0;
  if (k_ == 0) return wave;
  for (int64_t end = std::max(2 * k_, kLeastFirst); end <= sample; end *= 2) ++wave;
  return wave;
}

}  // namespace restem
