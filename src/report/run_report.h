// All that a report shows about one run, and the loader that reads it from the run directory's
// files.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "eval/diversity.h"
#include "eval/eval_record.h"

namespace restem {

// ---- Events of metrics.jsonl: {"time": unix seconds, "event": NAME, "iteration": N, …} ----
//
// Each stage writes its totals once, when it is finished; where an event is there twice (a stage
// was done again), the later one counts.

// event "sample": the E-step's draw of one iteration.
struct SampleStats {
  int64_t samples = 0;    // kept
  int64_t cancelled = 0;  // not drawn or not kept (sampler.stop_at_correct)
  int64_t generated_tokens = 0;
  int64_t prompt_tokens = 0;
  double seconds = 0.0;
  double tokens_per_second = 0.0;
};

// event "score": verdicts over those samples.
struct ScoreStats {
  int64_t correct = 0;
  int64_t wrong = 0;
  int64_t error = 0;
  double seconds = 0.0;
  int64_t total() const { return correct + wrong + error; }
};

// event "train_step".
struct LossPoint {
  int64_t step = 0;
  double loss = 0.0;  // mean negative log-likelihood per weighted token, nats
  double learning_rate = 0.0;
  double grad_norm = 0.0;  // before clipping
};

// event "validate".
struct ValidationPoint {
  int64_t step = 0;
  double score = 0.0;  // "reward": share of validation problems solved; or "logprob": mean per
                       // token of their solutions
};

// event "train": totals of one M-step.
struct TrainStats {
  int64_t steps = 0;
  int64_t best_step = 0;  // whose weights were kept
  int64_t tokens = 0;
  double seconds = 0.0;
  double tokens_per_second = 0.0;
};

// One M-step. The arm is "rest_em" (trained on correct samples) or "control" (on randomly kept
// ones, of the same number); events without an "arm" are of "rest_em".
struct TrainingReport {
  std::vector<LossPoint> losses;             // by step
  std::vector<ValidationPoint> validations;  // by step
  bool validated_by_reward = true;           // else by log-probability
  std::optional<TrainStats> totals;
};

struct IterationReport {
  int64_t iteration = 0;                   // 0: the base model
  std::optional<EvalRecord> eval;          // iterations/NN/eval.json
  std::optional<EvalRecord> control_eval;  // iterations/NN/control/eval.json
  std::optional<SampleStats> sampling;
  std::optional<ScoreStats> scoring;
  std::optional<SelectionCounts> selection;  // event "select"
  TrainingReport training;
  TrainingReport control_training;
  std::map<std::string, double> evaluate_seconds;  // event "evaluate", by test set
};

// A completion as an example shows it.
struct ExampleCompletion {
  std::string text;
  std::string verdict;    // "correct", "wrong", "error"
  std::string extracted;  // empty if unknown
  std::string reason;     // why not correct; empty if unknown
};

// A test problem that the best iteration solves and the base does not, or the reverse.
struct Example {
  std::string set;
  std::string problem;
  bool gained = true;
  std::string question;  // empty if unknown
  std::string answer;
  ExampleCompletion before;  // the base's greedy completion
  ExampleCompletion after;   // the best iteration's
};

struct RunReport {
  std::string name;
  std::string run_dir;
  std::string base_model;  // model.base of the job
  std::string device;
  std::string reward;   // reward.type of the job
  std::string version;  // of restem, if known
  std::optional<int64_t> seed;
  double started = 0.0;  // unix seconds of the first event; 0: no event
  double last_event = 0.0;
  double written = 0.0;   // when this report was made
  std::string stage;      // "sample", "score", "select", "train", "evaluate"; "done" at the end
  int64_t iteration = 0;  // being worked on
  int64_t planned_iterations = 0;  // em.iterations of the job; 0: unknown
  std::string job_text;            // job.yaml
  std::vector<std::string> sets;   // test sets, in the job's order
  std::vector<IterationReport>
      iterations;  // by iteration, 0 first; only those with something to show
  std::vector<Example> examples;
  std::vector<std::string> notes;  // what could not be read, and other remarks

  bool done() const { return stage == "done"; }
  const IterationReport* find(int64_t number) const;
};

// The text of a test problem, for examples.
struct ProblemText {
  std::string question;
  std::string answer;
};
using ProblemLookup =
    std::function<std::optional<ProblemText>(std::string_view set, std::string_view problem)>;

// Reads what there is under `run_dir`: job.yaml, state.json, metrics.jsonl,
// iterations/NN/eval.json, iterations/NN/control/eval.json and, for examples,
// iterations/NN/eval/<set>/{samples,verdicts}.jsonl. Missing parts are left out; unreadable ones
// become notes. InvalidInput only where `run_dir` is not a run directory at all.
absl::StatusOr<RunReport> LoadRunReport(const std::string& run_dir,
                                        const ProblemLookup& lookup = {});

// ---- Parts of the loader, in files of their own ----

// Adds the events of metrics.jsonl (metrics_log.cc). A torn or foreign line is skipped and counted
// in a note.
void AddMetrics(std::string_view jsonl, RunReport& report);

// Fills report.examples from the greedy completions of the base and of `best` (examples.cc), at
// most `limit` gained and `limit` lost of each test set.
void AddExamples(int64_t best, size_t limit, const ProblemLookup& lookup, RunReport& report);

}  // namespace restem
