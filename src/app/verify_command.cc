// restem verify: a reward over texts.
#include <fmt/format.h>

#include "app/commands.h"
#include "app/flags.h"
#include "app/jsonl_io.h"
#include "base/progress.h"
#include "config/read.h"
#include "reward/make_verifier.h"
#include "reward/options.h"
#include "reward/pool.h"

namespace restem {
namespace {

struct VerifyFlags {
  CommonFlags common;
  std::string reward;
  std::string input;
  std::string output;
  std::optional<int64_t> jobs;

  void visit(config::Fields& f) {
    common.visit(f);
    f.path("reward", reward, "YAML file with the keys of a job's `reward` section.");
    f.path("input", input, "JSONL file of {id, text, answer, …}.");
    f.path("output", output, "JSONL file of verdicts, in input order.");
    f.auto_or(
        "jobs", jobs, {.min = 1, .max = 1024}, "Verdicts worked on at once; auto: one per thread.");
  }
};

absl::Status CheckFlags(const VerifyFlags& flags) {
  if (flags.reward.empty())
    return InvalidInput("--reward is missing: a YAML file with a reward's options");
  if (flags.input.empty()) return InvalidInput("--input is missing: a JSONL file to read");
  if (flags.output.empty()) return InvalidInput("--output is missing: a JSONL file to write");
  return CheckOutput(flags.output, flags.input);
}

std::string VerdictLine(const InputRecord& record, const Verdict& verdict, double seconds) {
  nlohmann::ordered_json line = {{"id", record.fields.at("id")}};
  if (record.fields.contains("sample")) line["sample"] = record.fields.at("sample");
  line["verdict"] = ToString(verdict.verdict);
  line["extracted"] = verdict.extracted;
  line["reason"] = verdict.reason;
  line["seconds"] = seconds;
  return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// Judges every record; lines[i] is record i's verdict.
absl::Status JudgeAll(const Verifier& verifier,
                      std::span<const InputRecord> records,
                      size_t jobs,
                      std::vector<std::string>& lines) {
  std::vector<Problem> problems;
  for (const InputRecord& record : records)
    problems.push_back({record.id, record.fields, record.where});
  Progress progress("verify", static_cast<int64_t>(records.size()));
  ScoringOptions options;
  options.jobs = jobs;
  // The position stands in for the sample index: ids may repeat.
  ScoringPool pool(verifier, options, [&](Verdict&& verdict, double seconds) {
    const auto i = static_cast<size_t>(verdict.sample);
    lines[i] = VerdictLine(records[i], verdict, seconds);
    progress.advance(1);
    return absl::OkStatus();
  });
  for (size_t i = 0; i < records.size(); ++i) {
    const auto text = records[i].fields.find("text");
    if (text == records[i].fields.end() || !text->is_string()) {
      return InvalidInput(fmt::format("{}: `text` is missing or not text", records[i].where));
    }
    RESTEM_RETURN_IF_ERROR(
        pool.submit(problems[i], static_cast<int64_t>(i), text->get<std::string>()));
  }
  return pool.close();
}

}  // namespace

absl::Status VerifyCommand(const Args& args) {
  VerifyFlags flags;
  std::vector<std::string> positionals;
  RESTEM_ASSIGN_OR_RETURN(
      const bool go_on,
      ParseCommand(args,
                   "restem verify --reward FILE.yaml --input F --output F [--jobs N]",
                   flags,
                   positionals));
  if (!go_on) return absl::OkStatus();
  RESTEM_RETURN_IF_ERROR(CheckNoArguments(positionals));
  RESTEM_RETURN_IF_ERROR(CheckFlags(flags));
  RewardOptions options;
  RESTEM_RETURN_IF_ERROR(config::ReadYamlFile(flags.reward, {}, options));
  RESTEM_ASSIGN_OR_RETURN(const auto verifier, MakeVerifier(options));
  RESTEM_ASSIGN_OR_RETURN(const auto records, ReadRecords(flags.input, /*unique_ids=*/false));
  const Stopwatch working;
  std::vector<std::string> lines(records.size());
  const int64_t jobs = flags.jobs.value_or(options.jobs.value_or(flags.common.lanes()));
  RESTEM_RETURN_IF_ERROR(JudgeAll(*verifier, records, static_cast<size_t>(jobs), lines));
  const double seconds = working.seconds();
  RESTEM_RETURN_IF_ERROR(WriteLines(flags.output, lines));
  PrintSummary({static_cast<int64_t>(records.size()), {}, {}, {}, seconds, {}});
  return absl::OkStatus();
}

}  // namespace restem
