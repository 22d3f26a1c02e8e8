// The E-step: draws completions, records each, and has it judged while others are drawn.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

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

// Draws of what the journal misses all, or what `more` gives.
absl::StatusOr<GenerationStats> DrawMissing(const Run& run,
                                            int64_t iteration,
                                            SamplingEngine& engine,
                                            SampleJournal& journal,
                                            std::span<const SampleRequest> requests,
                                            const SamplingEngine::More& more) {
  const auto total = static_cast<int64_t>(run.inputs.train.problems.size()) *
                     run.inputs.job.sampler.samples_per_problem;
  int64_t missing = 0;
  for (const SampleRequest& request : requests)
    missing += static_cast<int64_t>(request.samples.size());
  Progress progress(fmt::format("sample {:02}", iteration), total, "tokens");
  progress.start_at(total - missing);
  const auto add = [&](Sample&& sample) {
    progress.advance(1, static_cast<int64_t>(sample.tokens.size()));
    return journal.add(sample);
  };
  RESTEM_ASSIGN_OR_RETURN(const GenerationStats stats,
                          engine.generate(requests, ParamsOf(run, iteration), add, more));
  progress.advance(stats.cancelled);
  return stats;
}

// Problems that are drawn together: so few that towards the end no process waits long for another.
int64_t ProblemsPerPiece(const Run& run) {
  constexpr int64_t kPiecesPerProcess = 16;
  const auto problems = static_cast<int64_t>(run.inputs.train.problems.size());
  const int64_t pieces = kPiecesPerProcess * run.team->size();
  return std::max<int64_t>(1, (problems + pieces - 1) / pieces);
}

int64_t PieceCount(const Run& run) {
  const auto problems = static_cast<int64_t>(run.inputs.train.problems.size());
  const int64_t per_piece = ProblemsPerPiece(run);
  return (problems + per_piece - 1) / per_piece;
}

// What is missing of each piece, as places among the requests.
using Pieces = std::vector<std::vector<size_t>>;

Pieces PiecesOf(const Run& run, std::span<const SampleRequest> requests) {
  const auto per_piece = static_cast<size_t>(ProblemsPerPiece(run));
  const std::vector<Problem>& problems = run.inputs.train.problems;
  std::unordered_map<std::string_view, size_t> piece_of;
  for (size_t i = 0; i < problems.size(); ++i) piece_of[problems[i].id] = i / per_piece;
  Pieces pieces(static_cast<size_t>(PieceCount(run)));
  for (size_t i = 0; i < requests.size(); ++i)
    pieces[piece_of.at(requests[i].problem)].push_back(i);
  return pieces;
}

// Draws piece after piece of those that nobody has had, or the one that a lost process left.
absl::StatusOr<GenerationStats> DrawPieces(const Run& run,
                                           int64_t iteration,
                                           SamplingEngine& engine,
                                           Leases& leases,
                                           std::optional<int64_t> left) {
  RESTEM_ASSIGN_OR_RETURN(const auto journal,
                          SampleJournal::open(run, iteration, SampleJournal::Judge::kOwn));
  const std::vector<SampleRequest> requests = journal->missing();
  const Pieces pieces = PiecesOf(run, requests);
  absl::Status taking;  // the outcome of the last attempt
  const auto more = [&]() -> std::vector<size_t> {
    while (true) {
      std::optional<int64_t> piece = std::exchange(left, std::nullopt);
      if (!piece) {
        const auto taken = leases.take();
        taking = taken.status();
        if (taken.ok()) piece = *taken;
      }
      if (!piece) return {};
      // Of some pieces nothing is missing.
      if (const auto& places = pieces[static_cast<size_t>(*piece)]; !places.empty()) return places;
    }
  };
  RESTEM_ASSIGN_OR_RETURN(const GenerationStats stats,
                          DrawMissing(run, iteration, engine, *journal, requests, more));
  RESTEM_RETURN_IF_ERROR(taking);
  RESTEM_RETURN_IF_ERROR(journal->close());
  RESTEM_RETURN_IF_ERROR(leases.finish());
  return stats;
}

std::string EngineName(int64_t iteration) { return fmt::format("sample {:02}", iteration); }

// Who has come too late for a work finds nobody to do it with: that is no failure.
absl::Status UnlessCalledOff(const Run& run, const absl::Status& status) {
  if (!absl::IsUnavailable(status)) return status;
  RESTEM_ASSIGN_OR_RETURN(const bool is_called_off, run.team->is_called_off());
  return is_called_off ? absl::OkStatus() : status;
}

// This process's share, until all is drawn by one or another.
absl::StatusOr<GenerationStats> DrawShare(const Run& run,
                                          int64_t iteration,
                                          SamplingEngine& engine) {
  Leases leases = run.team->leases(fmt::format("sample/{:02}", iteration), PieceCount(run));
  GenerationStats all;
  std::optional<int64_t> left;
  std::set<int64_t> lost;  // ranks that were told of
  while (true) {
    RESTEM_ASSIGN_OR_RETURN(const GenerationStats own,
                            DrawPieces(run, iteration, engine, leases, left));
    all.add(own);
    all.seconds += own.seconds;
    RESTEM_ASSIGN_OR_RETURN(const auto taken, leases.take_over());
    if (!taken) return all;
    if (lost.insert(taken->from).second) {
      spdlog::warn("sample {:02}: rank {} is lost; what it was to draw is drawn here",
                   iteration,
                   taken->from);
    }
    left = taken->piece;
  }
}

}  // namespace

absl::Status RunSampleStage(Run& run, int64_t iteration) {
  const std::string path = run.paths.samples(iteration);
  if (IsFinished(path)) return absl::OkStatus();
  RESTEM_RETURN_IF_ERROR(MakeDirs(run.paths.iteration(iteration)));
  if (run.team) RESTEM_RETURN_IF_ERROR(run.team->call(fmt::format("sample {}", iteration)));
  RESTEM_ASSIGN_OR_RETURN(const auto engine,
                          LoadEngine(run, SamplerDir(run, iteration), EngineName(iteration)));
  GenerationStats stats;
  if (run.team) {
    RESTEM_ASSIGN_OR_RETURN(stats, DrawShare(run, iteration, *engine));
    RESTEM_RETURN_IF_ERROR(run.team->call("wait"));
  }
  // All journals together; alone, everything is missing yet.
  RESTEM_ASSIGN_OR_RETURN(const auto journal,
                          SampleJournal::open(run, iteration, SampleJournal::Judge::kAll));
  const std::vector<SampleRequest> requests = journal->missing();
  RESTEM_ASSIGN_OR_RETURN(
      const GenerationStats rest,
      DrawMissing(run, iteration, *engine, *journal, requests, /*more=*/nullptr));
  stats.add(rest);
  stats.seconds += rest.seconds;
  RESTEM_RETURN_IF_ERROR(journal->finish());
  const auto total = static_cast<int64_t>(run.inputs.train.problems.size()) *
                     run.inputs.job.sampler.samples_per_problem;
  return RecordStats(run, iteration, journal->kept(), total - journal->kept(), stats);
}

absl::Status HelpSampling(Run& run, int64_t iteration) {
  const EngineRole role = RoleIn(run);
  if (role == EngineRole::kIdles) return absl::OkStatus();
  const std::string dir = SamplerDir(run, iteration);
  if (role == EngineRole::kServes)
    return UnlessCalledOff(run, ServeEngine(run, dir, EngineName(iteration)));
  const auto engine = LoadEngine(run, dir, EngineName(iteration));
  if (!engine.ok()) return UnlessCalledOff(run, engine.status());
  RESTEM_ASSIGN_OR_RETURN(const bool too_late, run.team->is_called_off());
  if (too_late) return absl::OkStatus();
  RESTEM_ASSIGN_OR_RETURN(const GenerationStats own, DrawShare(run, iteration, **engine));
  spdlog::info("sample {:02}: {} samples, {} tokens drawn here in {:.1f} s",
               iteration,
               own.samples,
               own.generated_tokens,
               own.seconds);
  return absl::OkStatus();
}

}  // namespace restem
