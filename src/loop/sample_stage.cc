// The E-step: draws completions, records each, and has it judged while others are drawn.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <filesystem>
#include <numeric>

#include "base/file.h"
#include "base/progress.h"
#include "data/records.h"
#include "loop/engine.h"
#include "loop/logprob_difference.h"
#include "loop/record_file.h"
#include "loop/score_journal.h"
#include "loop/stages.h"

namespace restem {
namespace {

// The samples that are still to be drawn, problem by problem in the data's order.
std::vector<SampleRequest> MissingSamples(const Run& run, const RecordedSamples& recorded) {
  const ProblemSet& train = run.inputs.train;
  std::vector<SampleRequest> requests;
  for (size_t i = 0; i < train.problems.size(); ++i) {
    SampleRequest request = {train.problems[i].id, train.prompts[i], {}};
    for (int64_t sample = 0; sample < run.inputs.job.sampler.samples_per_problem; ++sample) {
      if (!recorded.contains(request.problem, sample)) request.samples.push_back(sample);
    }
    if (!request.samples.empty()) requests.push_back(std::move(request));
  }
  return requests;
}

SamplingParams ParamsOf(const Run& run, int64_t iteration) {
  SamplingParams params = run.inputs.job.sampler.params();
  params.seed = static_cast<uint64_t>(run.inputs.job.seed);
  params.purpose = StreamPurpose::kSample;
  params.iteration = static_cast<uint64_t>(iteration);
  return params;
}

std::string SamplerDir(const Run& run, int64_t iteration) {
  const std::string& other = run.inputs.job.em.sampler_model;
  return other.empty() ? ModelDir(run, iteration - 1) : other;
}

// `samples` is the stage's total; all else is of this process.
absl::Status RecordStats(Run& run, int64_t iteration, int64_t samples, const GenerationStats& own) {
  RESTEM_ASSIGN_OR_RETURN(
      const LogprobDifference apart,
      MeasureLogprobDifference(run, run.paths.samples(iteration), SamplerDir(run, iteration)));
  spdlog::info(
      "sample {:02}: log-probs differ from the trainer's by at most {:.2g}, {:.2g} on average "
      "({} tokens of {} samples)",
      iteration,
      apart.largest,
      apart.mean,
      apart.tokens,
      apart.samples);
  nlohmann::ordered_json fields = {{"samples", samples},
                                   {"generated_tokens", own.generated_tokens},
                                   {"prompt_tokens", own.prompt_tokens},
                                   {"seconds", own.seconds}};
  fields["preempted"] = own.preempted;
  fields["logprob_difference"] = {
      {"max", apart.largest}, {"mean", apart.mean}, {"tokens", apart.tokens}};
  if (own.generated_tokens > 0)
    fields["tokens_per_second"] = static_cast<double>(own.generated_tokens) / own.seconds;
  return run.metrics->record("sample", iteration, /*step=*/-1, fields);
}

}  // namespace

absl::Status RunSampleStage(Run& run, int64_t iteration) {
  const std::string path = run.paths.samples(iteration);
  if (IsFinished(path, JournalPath(path, /*rank=*/0))) return absl::OkStatus();
  RESTEM_RETURN_IF_ERROR(MakeDirs(run.paths.iteration(iteration)));
  RESTEM_ASSIGN_OR_RETURN(const auto scores, ScoreJournal::open(run, iteration));
  RecordedSamples recorded;
  int64_t recorded_count = 0;
  const auto replay = [&](std::string_view line, int64_t) -> absl::Status {
    RESTEM_ASSIGN_OR_RETURN(const Sample sample, ParseSample(line));
    recorded.insert(sample.problem, sample.sample);
    ++recorded_count;
    return scores->is_judged(sample.problem, sample.sample) ? absl::OkStatus()
                                                            : scores->submit(sample);
  };
  RESTEM_ASSIGN_OR_RETURN(const auto journal, Journal::open(JournalPath(path, /*rank=*/0), replay));
  RESTEM_ASSIGN_OR_RETURN(const auto engine, LoadEngine(run.inputs, SamplerDir(run, iteration)));

  const auto total = static_cast<int64_t>(run.inputs.train.problems.size()) *
                     run.inputs.job.sampler.samples_per_problem;
  Progress progress(fmt::format("sample {:02}", iteration), total, "tokens");
  progress.start_at(recorded_count);
  const auto stats = engine->generate(
      MissingSamples(run, recorded), ParamsOf(run, iteration), [&](Sample&& sample) {
        RESTEM_RETURN_IF_ERROR(journal->append(FormatSample(sample)));
        progress.advance(1, static_cast<int64_t>(sample.tokens.size()));
        return scores->submit(sample);
      });
  RESTEM_RETURN_IF_ERROR(stats.status());
  RESTEM_RETURN_IF_ERROR(scores->close());
  RESTEM_RETURN_IF_ERROR(journal->close());
  RESTEM_RETURN_IF_ERROR(FinishRecords(journal->path(), path, run.inputs.train.problems, total));
  return RecordStats(run, iteration, total, *stats);
}

}  // namespace restem
