// Measures a checkpoint on every test set.
#include <fmt/format.h>

#include <chrono>

#include "base/file.h"
#include "base/log.h"
#include "base/progress.h"
#include "data/records.h"
#include "eval/evaluate.h"
#include "io/journal.h"
#include "loop/engine.h"
#include "loop/record_file.h"
#include "loop/stages.h"
#include "reward/error_rate.h"

namespace restem {
namespace {

SamplingParams ParamsOf(const Run& run, int64_t iteration, bool greedy) {
  const EvaluateOptions& options = run.inputs.job.evaluate;
  SamplingParams params;
  params.temperature = greedy ? 0.0 : options.temperature;
  params.top_p = greedy ? 1.0 : options.top_p;
  params.max_new_tokens = options.max_new_tokens;
  params.stop = options.stop;
  params.seed = static_cast<uint64_t>(run.inputs.job.seed);
  params.purpose = StreamPurpose::kEval;
  params.iteration = static_cast<uint64_t>(iteration);
  return params;
}

EvalPlan PlanOf(const Run& run, int64_t iteration) {
  const EvaluateOptions& options = run.inputs.job.evaluate;
  return {options.greedy,
          options.samples,
          ParamsOf(run, iteration, true),
          ParamsOf(run, iteration, false),
          options.k,
          options.majority};
}

// The two journals of one test set, and what they hold.
struct EvalJournals {
  std::unique_ptr<Journal> samples;
  std::unique_ptr<Journal> verdicts;
  RecordedEvaluation recorded;
};

// A verdict of `error` counts as none: its cause may be mended.
absl::StatusOr<EvalJournals> OpenJournals(const std::string& dir) {
  EvalJournals journals;
  std::map<std::pair<std::string, int64_t>, Verdict> verdicts;
  const auto add_verdict = [&](std::string_view line, bool) -> absl::Status {
    RESTEM_ASSIGN_OR_RETURN(Verdict verdict, ParseVerdict(line));
    verdicts[{verdict.problem, verdict.sample}] = verdict;
    return absl::OkStatus();
  };
  RecordedSamples seen;
  const auto add_sample = [&](std::string_view line, bool) -> absl::Status {
    RESTEM_ASSIGN_OR_RETURN(Sample sample, ParseSample(line));
    if (seen.contains(sample.problem, sample.sample)) return absl::OkStatus();
    seen.insert(sample.problem, sample.sample);
    const auto verdict = verdicts.find({sample.problem, sample.sample});
    if (verdict == verdicts.end() || verdict->second.verdict == VerdictKind::kError) {
      journals.recorded.unjudged.push_back(std::move(sample));
    } else {
      journals.recorded.judged.push_back(
          {sample.problem, MakeJudgedSample(sample, verdict->second)});
    }
    return absl::OkStatus();
  };
  RESTEM_ASSIGN_OR_RETURN(journals.verdicts,
                          OpenJournal(dir + "/verdicts.jsonl", /*rank=*/0, add_verdict));
  RESTEM_ASSIGN_OR_RETURN(journals.samples,
                          OpenJournal(dir + "/samples.jsonl", /*rank=*/0, add_sample));
  return journals;
}

// Samples of a test set, greedy ones included.
int64_t TotalOf(const ProblemSet& set, const EvaluateOptions& options) {
  return static_cast<int64_t>(set.problems.size()) * (options.samples + (options.greedy ? 1 : 0));
}

absl::StatusOr<SetResult> EvaluateOne(Run& run,
                                      int64_t iteration,
                                      const std::string& dir,
                                      const ProblemSet& set,
                                      SamplingEngine& engine,
                                      const std::string& label) {
  RESTEM_RETURN_IF_ERROR(MakeDirs(dir));
  RESTEM_ASSIGN_OR_RETURN(EvalJournals journals, OpenJournals(dir));
  std::vector<EvalProblem> problems;
  for (size_t i = 0; i < set.problems.size(); ++i)
    problems.push_back({&set.problems[i], set.prompts[i]});
  const EvalPlan plan = PlanOf(run, iteration);
  ScoreCounts counts;
  for (const auto& [problem, judged] : journals.recorded.judged)
    counts.add({problem, judged.sample, judged.verdict, "", ""});
  Progress progress(label, TotalOf(set, run.inputs.job.evaluate), "tokens");
  progress.start_at(static_cast<int64_t>(journals.recorded.judged.size()));
  const EvalSinks sinks = {
      .drawn = [&](const Sample& s) { return journals.samples->append(FormatSample(s)); },
      .judged = [&](const Sample& sample, const Verdict& verdict) -> absl::Status {
        RESTEM_RETURN_IF_ERROR(journals.verdicts->append(FormatVerdict(verdict)));
        counts.add(verdict);
        progress.advance(1, static_cast<int64_t>(sample.tokens.size()));
        return absl::OkStatus();
      }};
  auto result = EvaluateSet(engine,
                            problems,
                            plan,
                            std::move(journals.recorded),
                            *run.inputs.verifier,
                            run.inputs.scoring(),
                            sinks);
  RESTEM_RETURN_IF_ERROR(result.status());
  RESTEM_RETURN_IF_ERROR(Annotate(CheckErrorRate(counts, run.inputs.job.reward.max_error_rate),
                                  "test set " + set.name));
  RESTEM_RETURN_IF_ERROR(journals.samples->close());
  RESTEM_RETURN_IF_ERROR(journals.verdicts->close());
  return result;
}

absl::Status RecordSet(Run& run,
                       int64_t iteration,
                       Arm arm,
                       const std::string& set,
                       const SetResult& result,
                       double seconds) {
  nlohmann::ordered_json fields = {{"arm", ToString(arm)}, {"set", set}, {"seconds", seconds}};
  if (const auto pass = result.pass_at_1) fields["pass@1"] = *pass;
  return run.metrics->record("evaluate", iteration, /*step=*/-1, fields);
}

// eval.json is written first: a process that ends here starts from the journals or finds eval.json.
absl::Status FinishSet(const std::string& dir,
                       const ProblemSet& set,
                       const EvaluateOptions& options) {
  for (const char* name : {"/samples.jsonl", "/verdicts.jsonl"}) {
    if (IsFinished(dir + name)) continue;
    RESTEM_RETURN_IF_ERROR(FinishRecords(dir + name, set.problems, TotalOf(set, options)));
  }
  return absl::OkStatus();
}

// The call to those that have parts of the model: "evaluate 03 control"; the engine's name, too.
std::string CallOf(int64_t iteration, Arm arm) {
  return fmt::format("{}{:02} {}", kEvaluateCall, iteration, ToString(arm));
}

}  // namespace

absl::Status HelpEvaluating(Run& run, const std::string& call) {
  // One engine measures, the leader's.
  const bool has_part = run.team->rank() < run.inputs.job.sampler.tensor_parallel_size;
  if (!has_part) return absl::OkStatus();
  for (int64_t n = 0; n <= run.inputs.job.em.iterations; ++n) {
    for (const Arm arm : {Arm::kRestEm, Arm::kControl}) {
      if (call == CallOf(n, arm)) return ServeEngine(run, ModelDir(run, n, arm), call);
    }
  }
  return Failed(fmt::format("rank 0 says what is not understood: {}", call));
}

absl::Status RunEvaluateStage(Run& run, int64_t iteration, Arm arm) {
  const std::string path = run.paths.eval_record(iteration, arm);
  if (!FileExists(path)) {
    const std::string call = CallOf(iteration, arm);
    if (run.team) RESTEM_RETURN_IF_ERROR(run.team->call(call));
    RESTEM_ASSIGN_OR_RETURN(const auto engine,
                            LoadEngine(run, ModelDir(run, iteration, arm), call));
    EvalRecord record;
    for (const ProblemSet& set : run.inputs.tests) {
      const auto start = std::chrono::steady_clock::now();
      const std::string label = fmt::format(
          "evaluate {:02}{} {}", iteration, arm == Arm::kControl ? " control" : "", set.name);
      RESTEM_ASSIGN_OR_RETURN(
          record.sets[set.name],
          EvaluateOne(
              run, iteration, run.paths.eval_set(iteration, arm, set.name), set, *engine, label));
      const double seconds =
          std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      const SetResult& result = record.sets[set.name];
      RESTEM_RETURN_IF_ERROR(RecordSet(run, iteration, arm, set.name, result, seconds));
      if (const auto pass = result.pass_at_1)
        spdlog::info("{}: pass@1 {:.1f}% of {} problems", label, 100.0 * *pass, result.problems);
    }
    RESTEM_RETURN_IF_ERROR(WriteEvalRecord(path, record));
  }
  for (const ProblemSet& set : run.inputs.tests) {
    RESTEM_RETURN_IF_ERROR(
        FinishSet(run.paths.eval_set(iteration, arm, set.name), set, run.inputs.job.evaluate));
  }
  return absl::OkStatus();
}

}  // namespace restem
