#include "reward/pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>

#include "base/shutdown.h"
#include "reward/judge.h"
#include "reward/unicode.h"

namespace restem {
namespace {

constexpr size_t kFirstErrors = 5;

}  // namespace

void ScoreCounts::add(const Verdict& verdict) {
  switch (verdict.verdict) {
    case VerdictKind::kCorrect:
      ++correct;
      break;
    case VerdictKind::kWrong:
      ++wrong;
      break;
    case VerdictKind::kError:
      ++error;
      if (first_errors.size() < kFirstErrors) {
        first_errors.push_back(fmt::format(
            "problem '{}' sample {}: {}", verdict.problem, verdict.sample, verdict.reason));
      }
      break;
  }
}

size_t ScoringJobs(const Verifier& verifier, std::optional<int64_t> asked, int64_t threads) {
  constexpr size_t kMost = 1024;  // as reward.jobs
  if (asked) return static_cast<size_t>(*asked);
  return std::clamp<size_t>(verifier.concurrency(static_cast<size_t>(threads)), 1, kMost);
}

ScoringPool::ScoringPool(const Verifier& verifier, const ScoringOptions& options, Sink sink)
    : verifier_(verifier),
      tries_(options.tries),
      sink_(std::move(sink)),
      queue_(std::max<size_t>(1, options.queue_capacity)) {
  for (size_t i = 0; i < std::max<size_t>(1, options.jobs); ++i) {
    threads_.emplace_back([this] { work(); });
  }
}

ScoringPool::~ScoringPool() { close().IgnoreError(); }

absl::Status ScoringPool::submit(const Problem& problem, const Sample& sample) {
  return submit(problem, sample.sample, sample.text);
}

absl::Status ScoringPool::submit(const Problem& problem, int64_t sample, std::string text) {
  RESTEM_RETURN_IF_ERROR(status());
  RESTEM_RETURN_IF_ERROR(CheckStop());
  if (queue_.push({&problem, sample, std::move(text)})) return absl::OkStatus();
  RESTEM_RETURN_IF_ERROR(status());
  return Failed("the scoring pool is closed");
}

absl::Status ScoringPool::close() {
  queue_.close();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
  return status();
}

void ScoringPool::work() {
  while (auto item = queue_.pop()) {
    if (absl::Status stopped = CheckStop(); !stopped.ok()) stop(std::move(stopped));
    if (!status().ok()) continue;  // drops it, and lets a waiting submit go on
    const auto start = std::chrono::steady_clock::now();
    const Judgement judgement = Judge(verifier_, *item->problem, item->text, tries_);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    // A signal may be why it could not be judged: a later run tries again.
    if (judgement.verdict == VerdictKind::kError && StopRequested()) {
      stop(CheckStop());
      continue;
    }
    hand_on(*item, judgement, seconds.count());
  }
}

void ScoringPool::hand_on(const Item& item, const Judgement& judgement, double seconds) {
  // Verdicts become JSON, which is UTF-8 whatever the verifier quotes.
  Verdict verdict{item.problem->id,
                  item.sample,
                  judgement.verdict,
                  ToValidUtf8(judgement.extracted),
                  ToValidUtf8(judgement.reason)};
  std::lock_guard sink_lock(sink_mutex_);
  if (!status().ok()) return;
  {
    std::lock_guard lock(mutex_);
    counts_.add(verdict);
  }
  absl::Status sunk;
  try {
    sunk = sink_(std::move(verdict), seconds);
  } catch (const std::exception& e) {
    sunk = Failed(fmt::format("while recording a verdict: {}", e.what()));
  }
  if (!sunk.ok()) stop(std::move(sunk));
}

ScoreCounts ScoringPool::counts() const {
  std::lock_guard lock(mutex_);
  return counts_;
}

absl::Status ScoringPool::status() const {
  std::lock_guard lock(mutex_);
  return status_;
}

void ScoringPool::stop(absl::Status status) {
  {
    std::lock_guard lock(mutex_);
    if (status_.ok()) status_ = std::move(status);
  }
  queue_.close();
}

}  // namespace restem
