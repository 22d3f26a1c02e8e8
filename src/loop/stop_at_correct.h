// sampler.stop_at_correct: which samples of a problem are kept, and which are worth drawing.
//
// Kept are samples 0 … m, where m is the smallest index such that among 0 … m there are k correct
// ones with different texts; all where there is no such m. The rule reads indices, never the order
// of arrival, so what is kept follows from samples and verdicts alone.
//
// While verdicts are missing, let j be what the rule gives over those that are known. More verdicts
// can only lower it: m <= j. So samples beyond j will not be kept, whatever is still to come, and
// need not be drawn; those below it go on, since they may lower it.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>

#include "base/status.h"
#include "data/types.h"

namespace restem {

class StopAtCorrect {
 public:
  // `samples` are drawn for each problem; `k` 0 keeps them all.
  StopAtCorrect(std::span<const Problem> problems, int64_t samples, int64_t k);

  // A sample that will be judged; comes before its verdict. InvalidInput where its problem is not
  // among those given. Thread-safe.
  absl::Status drawn(const Sample& sample);
  // A verdict of `error` is not correct. Returns j where this verdict lowered it. Thread-safe.
  std::optional<int64_t> judged(const Verdict& verdict);

  // j of one problem; the last sample before the rule holds. Lives as long as this.
  const std::atomic<int64_t>& last_wanted(const std::string& problem) const;
  bool wants(const std::string& problem, int64_t sample) const;
  int64_t wanted() const;   // samples, of all problems
  int64_t stopped() const;  // problems that not all samples are wanted of

  // Samples are begun wave by wave over all problems, so that verdicts of one wave spare the next
  // ones. A wave is as large as all before it together.
  int64_t wave_of(int64_t sample) const;

 private:
  struct State {
    std::atomic<int64_t> last_wanted;
    std::unordered_map<int64_t, std::string> unjudged;  // texts by sample
    std::unordered_map<std::string, int64_t> correct;   // first sample by text
  };

  std::optional<int64_t> last_of_first_k(const State& state) const;

  const int64_t samples_;
  const int64_t k_;
  std::mutex mutex_;  // guards the texts
  std::unordered_map<std::string, State> problems_;
};

}  // namespace restem
