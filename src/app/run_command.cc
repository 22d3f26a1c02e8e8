// restem run, and the single stages over the same run directory.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <filesystem>
#include <functional>

#include "app/commands.h"
#include "app/flags.h"
#include "app/rescore_output.h"
#include "base/file.h"
#include "base/log.h"
#include "base/shutdown.h"
#include "comm/team.h"
#include "loop/em_loop.h"
#include "loop/gpu_forecast.h"
#include "loop/preflight.h"
#include "loop/run.h"
#include "report/html.h"
#include "report/show.h"
#include "sampler/new_engine.h"

namespace restem {
namespace {

struct JobFlags {
  CommonFlags common;
  std::vector<std::string> sets;
  std::string run_dir;

  void visit(config::Fields& f) {
    common.visit(f);
    f.texts("set",
            sets,
            "Override a key of the job: --set train.epochs=2. May be given several times.");
    f.path("run-dir", run_dir, "Run directory; by default <output>/<name> of the job.");
  }
};

struct CheckFlags : JobFlags {
  int64_t ranks = 0;
  std::string gpu;  // empty: none

  void visit(config::Fields& f) {
    JobFlags::visit(f);
    f.integer(
        "ranks",
        ranks,
        {.min = 0},
        "Processes that the run is meant for: what each of them needs is estimated. 0: as few "
        "as the job asks for.");
    f.text("gpu",
           gpu,
           fmt::format("Forecast a step and memory for these GPUs, one for each process: {}.",
                       fmt::join(GpuNames(), ", ")));
    f.require(gpu.empty() || FindGpu(gpu) != nullptr,
              "gpu",
              fmt::format("is not one of {}", fmt::join(GpuNames(), ", ")));
  }
};

struct RunFlags : JobFlags {
  bool fresh = false;

  void visit(config::Fields& f) {
    JobFlags::visit(f);
    f.boolean("fresh", fresh, "Start over in a new run directory; the old one is kept.");
  }
};

struct StageFlags : JobFlags {
  int64_t iteration = -1;

  void visit(config::Fields& f) {
    JobFlags::visit(f);
    f.integer("iteration",
              iteration,
              {.min = 0, .max = 99},
              "Which iteration: 1 samples from the base; evaluate takes 0 too.");
  }
};

struct ScoreFlags : StageFlags {
  bool rescore = false;
  bool redo = false;

  void visit(config::Fields& f) {
    StageFlags::visit(f);
    f.boolean(
        "rescore",
        rescore,
        "Judge the recorded samples again and print what changed; the job's reward may differ "
        "from the run's and becomes it. The old verdicts are kept beside the new ones.");
    f.boolean("redo",
              redo,
              "With --rescore: take back all stages that were made from the old verdicts, so that "
              "`restem run` makes them anew; their files are kept in before-rescore/.");
  }
};

absl::StatusOr<JobInputs> InputsOf(const JobFlags& flags,
                                   const std::vector<std::string>& positionals) {
  if (positionals.size() != 1) return InvalidInput("expected one job file");
  std::vector<std::string> sets = flags.common.job_overrides();
  sets.insert(sets.end(), flags.sets.begin(), flags.sets.end());
  RESTEM_ASSIGN_OR_RETURN(Job job, ReadJob(positionals[0], sets));
  return LoadInputs(std::move(job));
}

std::string RunDirOf(const JobInputs& inputs, const JobFlags& flags) {
  return flags.run_dir.empty() ? inputs.job.run_directory() : flags.run_dir;
}

// What is wrong with the weights, or with a reward that is to judge, shows before a run directory
// is made.
absl::StatusOr<Run> RunOf(JobInputs inputs, const JobFlags& flags, bool judges, bool fresh) {
  RESTEM_RETURN_IF_ERROR(CheckModel(inputs));
  if (judges) RESTEM_RETURN_IF_ERROR(CheckReward(inputs));
  const std::string dir = RunDirOf(inputs, flags);
  return OpenRun(std::move(inputs), dir, fresh);
}

// A run that a signal stopped loses nothing. With --fresh the same command would start another.
absl::Status WithAdvice(const absl::Status& status, const Run& run, bool fresh) {
  if (!absl::IsCancelled(status)) return status;
  const std::string how =
      fresh ? fmt::format("run it again with --run-dir {} instead of --fresh", run.paths.root())
            : "run the same command again";
  return Stopped(fmt::format("{}; {} to continue", MessageOf(status), how));
}

absl::Status Help(JobInputs inputs, const std::shared_ptr<Team>& team) {
  RESTEM_ASSIGN_OR_RETURN(Run run, JoinRun(std::move(inputs), team));
  return FollowLoop(run);
}

// Does `work` as the leader of the processes that were started together; the others help until it
// is done.
absl::Status WithTeam(JobInputs inputs,
                      const JobFlags& flags,
                      bool judges,
                      bool fresh,
                      const std::function<absl::Status(Run&)>& work) {
  RESTEM_RETURN_IF_ERROR(CheckDevice(inputs.job.device));
  RESTEM_ASSIGN_OR_RETURN(const auto team, Team::join(inputs.job.cluster));
  if (team && !team->leads()) {
    const absl::Status outcome = Help(std::move(inputs), team);
    team->leave().IgnoreError();
    // A leader that the signal has reached before is gone, and its store with it.
    return outcome.ok() || !StopRequested() ? outcome : Stopped("stopped by a signal");
  }
  RESTEM_ASSIGN_OR_RETURN(Run run, RunOf(std::move(inputs), flags, judges, fresh));
  run.team = team;
  if (team) RESTEM_RETURN_IF_ERROR(InviteOthers(run));
  absl::Status outcome = SayEnd(run, work(run));
  // Another process may have heard the signal first, and is missed.
  if (absl::IsUnavailable(outcome) && StopRequested()) outcome = Stopped("stopped by a signal");
  return WithAdvice(outcome, run, fresh);
}

// The stages and the iterations that they have.
absl::StatusOr<Stage> ParseStage(const std::string& name, int64_t iteration) {
  for (const Stage stage :
       {Stage::kSample, Stage::kScore, Stage::kSelect, Stage::kTrain, Stage::kEvaluate}) {
    if (ToString(stage) != name) continue;
    const int64_t first = stage == Stage::kEvaluate ? 0 : 1;
    if (iteration >= first) return stage;
    return InvalidInput(fmt::format("--iteration is missing or below {}", first));
  }
  return InvalidInput("unknown stage " + name);
}

absl::StatusOr<JobInputs> StageInputs(Stage stage,
                                      const StageFlags& flags,
                                      const std::vector<std::string>& positionals) {
  RESTEM_ASSIGN_OR_RETURN(JobInputs inputs, InputsOf(flags, positionals));
  if (flags.iteration > inputs.job.em.iterations) {
    return InvalidInput(fmt::format("--iteration {}: the job has {} (em.iterations)",
                                    flags.iteration,
                                    inputs.job.em.iterations));
  }
  RESTEM_RETURN_IF_ERROR(CheckHasStage(inputs, flags.iteration, stage));
  return inputs;
}

absl::Status RunOneStage(const std::string& stage_name,
                         const StageFlags& flags,
                         const std::vector<std::string>& positionals) {
  RESTEM_ASSIGN_OR_RETURN(const Stage stage, ParseStage(stage_name, flags.iteration));
  const bool judges = stage != Stage::kSelect && stage != Stage::kTrain;
  RESTEM_ASSIGN_OR_RETURN(JobInputs inputs, StageInputs(stage, flags, positionals));
  if (stage != Stage::kScore && stage != Stage::kSelect) RESTEM_RETURN_IF_ERROR(CheckRanks(inputs));
  return WithTeam(std::move(inputs), flags, judges, /*fresh=*/false, [&](Run& run) -> absl::Status {
    RESTEM_RETURN_IF_ERROR(RunStage(run, flags.iteration, stage));
    fmt::print("{}\n", run.paths.iteration(flags.iteration));
    return absl::OkStatus();
  });
}

absl::Status RescoreIteration(const ScoreFlags& flags,
                              const std::vector<std::string>& positionals) {
  RESTEM_ASSIGN_OR_RETURN(const Stage stage, ParseStage("score", flags.iteration));
  RESTEM_ASSIGN_OR_RETURN(JobInputs inputs, StageInputs(stage, flags, positionals));
  RESTEM_RETURN_IF_ERROR(CheckReward(inputs));
  const std::string dir = RunDirOf(inputs, flags);
  RESTEM_ASSIGN_OR_RETURN(Run run, OpenRunToRescore(std::move(inputs), dir));
  const auto outcome = Rescore(run, flags.iteration, flags.redo);
  RESTEM_RETURN_IF_ERROR(WithAdvice(outcome.status(), run, /*fresh=*/false));
  PrintRescore(*outcome, flags.iteration);
  ExplainRescore(run, *outcome, flags.iteration);
  return absl::OkStatus();
}

absl::Status UpdateReport(const Run& run) {
  const auto lookup = [&run](std::string_view set,
                             std::string_view id) -> std::optional<ProblemText> {
    for (const ProblemSet& tests : run.inputs.tests) {
      if (tests.name != set) continue;
      for (const Problem& problem : tests.problems) {
        if (problem.id != id) continue;
        const auto answer = problem.fields.find("answer");
        const std::string answer_text = answer == problem.fields.end() ? ""
                                        : answer->is_string()          ? answer->get<std::string>()
                                                                       : answer->dump();
        return ProblemText{problem.fields.value("question", ""), answer_text};
      }
    }
    return std::nullopt;
  };
  return WriteRunHtml(run.paths.root(), lookup).status();
}

absl::Status RunToTheEnd(Run& run) {
  spdlog::info("run directory: {}", run.paths.root());
  RESTEM_RETURN_IF_ERROR(RunLoop(run, UpdateReport));
  RESTEM_RETURN_IF_ERROR(UpdateReport(run));  // once more: the state is `done` now
  RESTEM_ASSIGN_OR_RETURN(const RunReport report, LoadRunReport(run.paths.root()));
  fmt::print("{}\nreport: {}\n", RenderShow(report, Analyze(report)), run.paths.report());
  return absl::OkStatus();
}

}  // namespace

absl::Status RunCommand(const Args& args) {
  RunFlags flags;
  std::vector<std::string> positionals;
  RESTEM_ASSIGN_OR_RETURN(const bool go_on,
                          ParseCommand(args, "restem run JOB.yaml [flags]", flags, positionals));
  if (!go_on) return absl::OkStatus();
  RESTEM_ASSIGN_OR_RETURN(JobInputs inputs, InputsOf(flags, positionals));
  RESTEM_RETURN_IF_ERROR(CheckRanks(inputs));
  return WithTeam(std::move(inputs), flags, /*judges=*/true, flags.fresh, RunToTheEnd);
}

absl::Status StageCommand(const std::string& stage_name, const Args& args) {
  StageFlags flags;
  std::vector<std::string> positionals;
  const std::string usage = fmt::format("restem {} JOB.yaml --iteration N [flags]", stage_name);
  RESTEM_ASSIGN_OR_RETURN(const bool go_on, ParseCommand(args, usage, flags, positionals));
  return go_on ? RunOneStage(stage_name, flags, positionals) : absl::OkStatus();
}

absl::Status ScoreCommand(const Args& args) {
  ScoreFlags flags;
  std::vector<std::string> positionals;
  RESTEM_ASSIGN_OR_RETURN(
      const bool go_on,
      ParseCommand(args,
                   "restem score JOB.yaml --iteration N [--rescore [--redo]] [flags]",
                   flags,
                   positionals));
  if (!go_on) return absl::OkStatus();
  if (flags.rescore) return RescoreIteration(flags, positionals);
  if (flags.redo) return InvalidInput("--redo goes with --rescore");
  return RunOneStage("score", flags, positionals);
}

absl::Status CheckCommand(const Args& args) {
  CheckFlags flags;
  std::vector<std::string> positionals;
  const std::string usage =
      "restem check JOB.yaml [flags]\n\nThe keys of a job file:\n\n" + JobReference();
  RESTEM_ASSIGN_OR_RETURN(const bool go_on, ParseCommand(args, usage, flags, positionals));
  if (!go_on) return absl::OkStatus();
  RESTEM_ASSIGN_OR_RETURN(JobInputs inputs, InputsOf(flags, positionals));
  inputs.ranks = flags.ranks > 0 ? flags.ranks : FewestRanks(inputs.job);
  RESTEM_ASSIGN_OR_RETURN(const std::string findings, Preflight(inputs));
  fmt::print("{}", findings);
  // A cluster's login node, say.
  if (const absl::Status device = CheckDevice(inputs.job.device); !device.ok())
    fmt::print("warning: {}\n", MessageOf(device));
  if (!flags.gpu.empty()) fmt::print("{}", ForecastOnGpus(inputs, *FindGpu(flags.gpu)));
  return absl::OkStatus();
}

}  // namespace restem
