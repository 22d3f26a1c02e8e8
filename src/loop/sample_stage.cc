// The E-step: draws completions, records each, and has it judged while others are drawn.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "base/file.h"
#include "base/progress.h"
#include "loop/engine.h"
#include "loop/logprob_difference.h"
#include "loop/record_file.h"
#include "loop/sample_journal.h"
#include "loop/stages.h"

namespace restem {
namespace {

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

// `kept` and `cancelled` are the stage's samples; all else is of this process.
absl::Status RecordStats(
    Run& run, int64_t iteration, int64_t kept, int64_t cancelled, const GenerationStats& own) {
  RESTEM_ASSIGN_OR_RETURN(const LogprobDifference apart,
                          MeasureLogprobDifference(
                              run, run.paths.samples(iteration), kept, SamplerDir(run, iteration)));
  spdlog::info(
      "sample {:02}: log-probs differ from the trainer's by at most {:.2g}, {:.2g} on average "
      "({} tokens of {} samples)",
      iteration,
      apart.largest,
      apart.mean,
      apart.tokens,
      apart.samples);
  nlohmann::ordered_json fields = {{"samples", kept},
                                   {"cancelled", cancelled},
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
  RESTEM_ASSIGN_OR_RETURN(const auto journal, SampleJournal::open(run, iteration));
  RESTEM_ASSIGN_OR_RETURN(const auto engine, LoadEngine(run.inputs, SamplerDir(run, iteration)));

  const auto total = static_cast<int64_t>(run.inputs.train.problems.size()) *
                     run.inputs.job.sampler.samples_per_problem;
  const std::vector<SampleRequest> requests = journal->missing();
  int64_t missing = 0;
  for (const SampleRequest& request : requests)
    missing += static_cast<int64_t>(request.samples.size());
  Progress progress(fmt::format("sample {:02}", iteration), total, "tokens");
  progress.start_at(total - missing);
  const auto stats = engine->generate(requests, ParamsOf(run, iteration), [&](Sample&& sample) {
    progress.advance(1, static_cast<int64_t>(sample.tokens.size()));
    return journal->add(sample);
  });
  RESTEM_RETURN_IF_ERROR(stats.status());
  progress.advance(stats->cancelled);
  RESTEM_RETURN_IF_ERROR(journal->finish());
  return RecordStats(run, iteration, journal->kept(), total - journal->kept(), *stats);
}

}  // namespace restem
