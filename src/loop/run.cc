#include "loop/run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/log.h"
#include "data/data_files.h"
#include "loop/rescore.h"

namespace restem {
namespace {

std::string FreshDir(const std::string& dir) {
  if (!FileExists(dir)) return dir;
  for (int n = 2;; ++n) {
    std::string candidate = fmt::format("{}-{}", dir, n);
    if (!FileExists(candidate)) return candidate;
  }
}

// Whether a path in state.json is one that the reward reads: no other part of the job names it.
bool IsOfReward(const Job& job, const std::string& path) {
  for (const std::string& dir : {job.model.base, job.em.sampler_model}) {
    if (!dir.empty() && path.starts_with(dir + "/")) return false;
  }
  for (const auto* files : {&job.data.train, &job.data.validation, &job.data.test}) {
    for (const DatasetOptions& file : *files) {
      if (IsDataFile(file.path, path)) return false;
    }
  }
  return path != job.prompt.few_shot;
}

enum class Changes { kNone, kReward };  // what may differ from what the run was made from

// What changed since the run began, a line each.
absl::StatusOr<std::vector<std::string>> Differences(
    const Run& run,
    const std::string& job_text,
    const std::map<std::string, std::string>& inputs,
    Changes allowed) {
  RESTEM_ASSIGN_OR_RETURN(const std::string old_job, ReadFile(run.paths.job()));
  RESTEM_ASSIGN_OR_RETURN(std::vector<std::string> lines, DiffJobs(old_job, job_text));
  const bool reward = allowed == Changes::kReward;
  if (reward) std::erase_if(lines, [](const auto& line) { return line.starts_with("reward."); });
  if (!lines.empty() || run.state.inputs().empty()) return lines;  // other paths follow from those
  const auto may_change = [&](const std::string& path) {
    return reward && IsOfReward(run.inputs.job, path);
  };
  for (const auto& [path, hash] : run.state.inputs()) {
    if (!inputs.contains(path) && !may_change(path)) lines.push_back(path + ": is no longer there");
  }
  for (const auto& [path, hash] : inputs) {
    if (may_change(path)) continue;
    const auto before = run.state.inputs().find(path);
    if (before == run.state.inputs().end()) {
      lines.push_back(path + ": was not there");
    } else if (before->second != hash) {
      lines.push_back(
          fmt::format("{}: the content changed ({} -> {})", path, before->second, hash));
    }
  }
  return lines;
}

absl::Status CheckUnchanged(const Run& run,
                            const std::string& job_text,
                            const std::map<std::string, std::string>& inputs,
                            Changes allowed) {
  RESTEM_ASSIGN_OR_RETURN(const auto lines, Differences(run, job_text, inputs, allowed));
  if (lines.empty()) return absl::OkStatus();
  std::string message = fmt::format("{} was made from something else:", run.paths.root());
  for (const std::string& line : lines) message += "\n  " + line;
  return InvalidInput(
      message +
      "\nundo the change, or start over with --fresh or another --run-dir; a mended "
      "reward can judge the samples again: restem score --rescore");
}

absl::Status RecordSkipped(Run& run, const ProblemSet& set) {
  if (set.skipped == 0) return absl::OkStatus();
  return run.metrics->record(
      "skip",
      /*iteration=*/0,
      /*step=*/-1,
      {{"set", set.name}, {"problems", set.problems.size()}, {"skipped", set.skipped}});
}

absl::StatusOr<Run> Load(JobInputs inputs, const std::string& root) {
  RunPaths paths(root);
  RESTEM_ASSIGN_OR_RETURN(auto lock, RunLock::acquire(paths.lock()));
  RESTEM_ASSIGN_OR_RETURN(RunState state, RunState::load(paths.state()));
  return Run{/*team=*/nullptr,
             std::move(inputs),
             std::move(paths),
             std::move(lock),
             std::move(state),
             /*metrics=*/nullptr};
}

absl::Status OpenMetrics(Run& run) {
  RESTEM_ASSIGN_OR_RETURN(run.metrics, MetricsLog::open(run.paths.root()));
  RESTEM_RETURN_IF_ERROR(RecordSkipped(run, run.inputs.train));
  RESTEM_RETURN_IF_ERROR(RecordSkipped(run, run.inputs.validation));
  for (const ProblemSet& set : run.inputs.tests) RESTEM_RETURN_IF_ERROR(RecordSkipped(run, set));
  return absl::OkStatus();
}

// What the leader tells.
constexpr char kDirectory[] = "run directory";
constexpr char kHashes[] = "hashes of inputs";

// A node may have a copy of its own, and an older one.
absl::Status CheckSameFiles(const Job& job, Team& team) {
  RESTEM_ASSIGN_OR_RETURN(const std::string told, team.ask(kHashes));
  const auto theirs = nlohmann::json::parse(told, nullptr, /*allow_exceptions=*/false);
  RESTEM_ASSIGN_OR_RETURN(const auto own, HashInputs(job));
  for (const auto& [path, hash] : own) {
    if (theirs.is_object() && theirs.value(path, "") == hash) continue;
    return InvalidInput(fmt::format(
        "rank {}: {} is not the file that rank 0 reads under that name", team.rank(), path));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status InviteOthers(const Run& run) {
  const nlohmann::json hashes = run.state.inputs();
  RESTEM_RETURN_IF_ERROR(run.team->tell(kHashes, hashes.dump()));
  return run.team->tell(kDirectory, std::filesystem::absolute(run.paths.root()));
}

absl::StatusOr<Run> JoinRun(JobInputs inputs, std::shared_ptr<Team> team) {
  // --fresh may have given it another name.
  RESTEM_ASSIGN_OR_RETURN(const std::string dir, team->ask(kDirectory));
  RunPaths paths(dir);
  if (!FileExists(paths.job())) {
    return InvalidInput(
        fmt::format("rank {} does not see {}, where rank 0 keeps the run: it has to be in a file "
                    "system that all nodes share",
                    team->rank(),
                    dir));
  }
  RESTEM_ASSIGN_OR_RETURN(const std::string theirs, ReadFile(paths.job()));
  RESTEM_ASSIGN_OR_RETURN(auto differences, DiffJobs(theirs, PrintJob(inputs.job)));
  if (!differences.empty()) {
    return InvalidInput(fmt::format("rank {} was started with another job than rank 0:\n  {}",
                                    team->rank(),
                                    fmt::join(differences, "\n  ")));
  }
  RESTEM_RETURN_IF_ERROR(CheckSameFiles(inputs.job, *team));
  RESTEM_ASSIGN_OR_RETURN(RunState state, RunState::load(paths.state()));
  return Run{std::move(team),
             std::move(inputs),
             std::move(paths),
             /*lock=*/nullptr,
             std::move(state),
             /*metrics=*/nullptr};
}

absl::StatusOr<Run> OpenRun(JobInputs inputs, const std::string& dir, bool fresh) {
  const std::string root = fresh ? FreshDir(dir) : dir;
  if (root != dir) spdlog::info("a fresh run in {}; continue it with --run-dir {}", root, root);
  RESTEM_RETURN_IF_ERROR(MakeDirs(root));
  RESTEM_ASSIGN_OR_RETURN(Run run, Load(std::move(inputs), root));
  const std::string job_text = PrintJob(run.inputs.job);
  RESTEM_ASSIGN_OR_RETURN(auto hashes, HashInputs(run.inputs.job));
  if (FileExists(run.paths.job())) {
    RESTEM_RETURN_IF_ERROR(CheckNoHalfRescore(run.paths, run.inputs.job.em.iterations));
    RESTEM_RETURN_IF_ERROR(CheckUnchanged(run, job_text, hashes, Changes::kNone));
  } else {
    RESTEM_RETURN_IF_ERROR(WriteFileAtomic(run.paths.job(), job_text));
  }
  run.state.set_inputs(std::move(hashes));
  if (!run.state.outdated().empty()) {
    spdlog::warn(
        "{}: made from verdicts that were judged again since: {}; `restem score --rescore "
        "--redo` makes them anew",
        root,
        fmt::join(run.state.outdated(), ", "));
  }
  RESTEM_RETURN_IF_ERROR(OpenMetrics(run));
  return run;
}

absl::StatusOr<Run> OpenRunToRescore(JobInputs inputs, const std::string& dir) {
  if (!FileExists(RunPaths(dir).job()))
    return InvalidInput(fmt::format("{}: there is no run whose samples could be judged", dir));
  RESTEM_ASSIGN_OR_RETURN(Run run, Load(std::move(inputs), dir));
  RESTEM_ASSIGN_OR_RETURN(const auto hashes, HashInputs(run.inputs.job));
  RESTEM_RETURN_IF_ERROR(CheckUnchanged(run, PrintJob(run.inputs.job), hashes, Changes::kReward));
  RESTEM_RETURN_IF_ERROR(OpenMetrics(run));
  return run;
}

}  // namespace restem
