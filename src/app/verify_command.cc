// restem verify: a reward over texts.
#include <fmt/format.h>

#include <filesystem>

#include "app/commands.h"
#include "app/direct_output.h"
#include "app/flags.h"
#include "app/jsonl_io.h"
#include "app/verdict_changes.h"
#include "app/verdict_journal.h"
#include "app/verdict_stream.h"
#include "base/progress.h"
#include "config/read.h"
#include "reward/error_rate.h"
#include "reward/make_verifier.h"
#include "reward/options.h"

namespace restem {
namespace {

struct VerifyFlags {
  CommonFlags common;
  std::string reward;
  std::string input;
  std::string output;
  std::string against;
  bool fresh = false;
  std::optional<int64_t> jobs;

  void visit(config::Fields& f) {
    common.visit(f);
    f.path("reward", reward, "YAML file with the keys of a job's `reward` section.");
    f.path("input", input, "JSONL file of {id, text, answer, …}.");
    f.path("output",
           output,
           "JSONL file of verdicts, in input order. Until it is complete they are in "
           "OUTPUT.partial, and the same command continues there.");
    f.path("against",
           against,
           "Verdicts made before, by another reward say: those that differ are printed.");
    f.boolean("fresh", fresh, "Throw an OUTPUT.partial away and start over.");
    f.auto_or("jobs",
              jobs,
              {.min = 1, .max = 1024},
              "Verdicts worked on at once; auto: the reward's, or as many as are of use.");
  }
};

absl::Status CheckFlags(const VerifyFlags& flags) {
  if (flags.reward.empty())
    return InvalidInput("--reward is missing: a YAML file with a reward's options");
  if (flags.input.empty()) return InvalidInput("--input is missing: a JSONL file to read");
  if (flags.output.empty()) return InvalidInput("--output is missing: a JSONL file to write");
  if (!IsDirect(flags.output)) return CheckOutput(flags.output, flags.input);
  if (std::filesystem::is_directory(flags.output))
    return InvalidInput(fmt::format("--output {}: is a folder", flags.output));
  if (flags.against.empty()) return absl::OkStatus();
  return InvalidInput(
      "--against prints what changed on stdout: give --output a file that is written anew");
}

// What the commands' steps share.
struct Work {
  const VerifyFlags& flags;
  const RewardOptions& reward;
  const Verifier& verifier;
  CompletionReader completions;
  ScoreCounts counts;

  int64_t judged() const { return counts.total(); }

  absl::Status judge(const VerdictStream::Sink& write) {
    Progress progress("verify", /*total=*/0);
    progress.start_at(judged());
    const size_t jobs =
        ScoringJobs(verifier, flags.jobs ? flags.jobs : reward.jobs, flags.common.lanes());
    VerdictStream stream(verifier, jobs, [&](const VerdictLine& line) {
      RESTEM_RETURN_IF_ERROR(write(line));
      counts.add(line.verdict);
      progress.advance(1);
      return absl::OkStatus();
    });
    RESTEM_RETURN_IF_ERROR(stream.judge(completions));
    if (judged() > 0) return absl::OkStatus();
    return InvalidInput(fmt::format("{}: the file has no records", flags.input));
  }
};

absl::Status WriteDirectly(Work& work) {
  RESTEM_ASSIGN_OR_RETURN(const auto output, DirectOutput::open(work.flags.output));
  return work.judge([&](const VerdictLine& line) { return output->write(line.line); });
}

absl::Status WithAdvice(const absl::Status& status, const VerdictJournal& journal) {
  if (journal.verdicts() == 0) return status;
  return absl::Status(
      status.code(),
      ToAbsl(fmt::format("{}; {} verdicts are kept in {}: the same command continues there",
                         MessageOf(status),
                         journal.verdicts(),
                         journal.path())));
}

// `changes` becomes what --against found.
absl::Status WriteResumably(Work& work, nlohmann::ordered_json& changes) {
  std::unique_ptr<VerdictChanges> against;
  if (!work.flags.against.empty()) {
    RESTEM_ASSIGN_OR_RETURN(against, VerdictChanges::open(work.flags.against));
  }
  RESTEM_ASSIGN_OR_RETURN(
      const auto journal,
      VerdictJournal::open(work.flags.output,
                           work.reward,
                           work.flags.fresh,
                           work.completions,
                           [&](const Verdict& verdict) { work.counts.add(verdict); }));
  const absl::Status judged =
      work.judge([&](const VerdictLine& line) { return journal->add(line); });
  if (!judged.ok()) {
    journal->drop_if_empty();
    return WithAdvice(judged, *journal);
  }
  RESTEM_RETURN_IF_ERROR(journal->finish([&](std::string_view line) {
    return against == nullptr ? absl::OkStatus() : against->add(line);
  }));
  if (against == nullptr) return absl::OkStatus();
  RESTEM_ASSIGN_OR_RETURN(changes, against->finish());
  return absl::OkStatus();
}

}  // namespace

absl::Status VerifyCommand(const Args& args) {
  VerifyFlags flags;
  std::vector<std::string> positionals;
  RESTEM_ASSIGN_OR_RETURN(
      const bool go_on,
      ParseCommand(
          args,
          "restem verify --reward FILE.yaml --input F --output F [--jobs N] [--against OLD.jsonl] "
          "[--fresh]",
          flags,
          positionals));
  if (!go_on) return absl::OkStatus();
  RESTEM_RETURN_IF_ERROR(CheckNoArguments(positionals));
  RESTEM_RETURN_IF_ERROR(CheckFlags(flags));
  RewardOptions options;
  RESTEM_RETURN_IF_ERROR(config::ReadYamlFile(flags.reward, {}, options));
  RESTEM_ASSIGN_OR_RETURN(const auto verifier, MakeVerifier(options));
  RESTEM_RETURN_IF_ERROR(verifier->prove().status());
  RESTEM_ASSIGN_OR_RETURN(auto completions, CompletionReader::open(flags.input));
  Work work = {flags, options, *verifier, std::move(completions), {}};
  const Stopwatch working;
  nlohmann::ordered_json changes;
  RESTEM_RETURN_IF_ERROR(IsDirect(flags.output) ? WriteDirectly(work)
                                                : WriteResumably(work, changes));
  Summary summary = {work.judged(), {}, {}, {}, working.seconds(), {}};
  summary.more = {
      {"correct", work.counts.correct}, {"wrong", work.counts.wrong}, {"error", work.counts.error}};
  if (changes.is_object()) summary.more["against"] = changes;
  PrintSummary(summary);
  return CheckErrorRate(work.counts, options.max_error_rate);
}

}  // namespace restem
