#include "loop/run.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "base/file.h"
#include "base/log.h"

namespace restem {
namespace {

std::string FreshDir(const std::string& dir) {
  if (!FileExists(dir)) return dir;
  for (int n = 2;; ++n) {
    std::string candidate = fmt::format("{}-{}", dir, n);
    if (!FileExists(candidate)) return candidate;
  }
}

// What changed since the run began, a line each.
absl::StatusOr<std::vector<std::string>> Differences(
    const Run& run, const std::string& job_text, const std::map<std::string, std::string>& inputs) {
  RESTEM_ASSIGN_OR_RETURN(const std::string old_job, ReadFile(run.paths.job()));
  RESTEM_ASSIGN_OR_RETURN(std::vector<std::string> lines, DiffJobs(old_job, job_text));
  if (!lines.empty() || run.state.inputs().empty()) return lines;  // other paths follow from those
  for (const auto& [path, hash] : run.state.inputs()) {
    if (!inputs.contains(path)) lines.push_back(path + ": is no longer there");
  }
  for (const auto& [path, hash] : inputs) {
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
                            const std::map<std::string, std::string>& inputs) {
  RESTEM_ASSIGN_OR_RETURN(const auto lines, Differences(run, job_text, inputs));
  if (lines.empty()) return absl::OkStatus();
  std::string message = fmt::format("{} was made from something else:", run.paths.root());
  for (const std::string& line : lines) message += "\n  " + line;
  return InvalidInput(message +
                      "\nundo the change, or start over with --fresh or another --run-dir");
}

absl::Status RecordSkipped(Run& run, const ProblemSet& set) {
  if (set.skipped == 0) return absl::OkStatus();
  return run.metrics->record(
      "skip",
      /*iteration=*/0,
      /*step=*/-1,
      {{"set", set.name}, {"problems", set.problems.size()}, {"skipped", set.skipped}});
}

}  // namespace

absl::StatusOr<Run> OpenRun(JobInputs inputs, const std::string& dir, bool fresh) {
  const std::string root = fresh ? FreshDir(dir) : dir;
  if (root != dir) spdlog::info("a fresh run in {}; continue it with --run-dir {}", root, root);
  RESTEM_RETURN_IF_ERROR(MakeDirs(root));
  RunPaths paths(root);
  RESTEM_ASSIGN_OR_RETURN(auto lock, RunLock::acquire(paths.lock()));
  RESTEM_ASSIGN_OR_RETURN(RunState state, RunState::load(paths.state()));
  Run run = {std::move(inputs), std::move(paths), std::move(lock), std::move(state), nullptr};
  const std::string job_text = PrintJob(run.inputs.job);
  RESTEM_ASSIGN_OR_RETURN(auto hashes, HashInputs(run.inputs.job));
  if (FileExists(run.paths.job())) {
    RESTEM_RETURN_IF_ERROR(CheckUnchanged(run, job_text, hashes));
  } else {
    RESTEM_RETURN_IF_ERROR(WriteFileAtomic(run.paths.job(), job_text));
  }
  run.state.set_inputs(std::move(hashes));
  RESTEM_ASSIGN_OR_RETURN(run.metrics, MetricsLog::open(root));
  RESTEM_RETURN_IF_ERROR(RecordSkipped(run, run.inputs.train));
  RESTEM_RETURN_IF_ERROR(RecordSkipped(run, run.inputs.validation));
  for (const ProblemSet& set : run.inputs.tests) RESTEM_RETURN_IF_ERROR(RecordSkipped(run, set));
  return run;
}

}  // namespace restem
