// HumanEval's solutions against their tests: warm workers beside one fresh interpreter for each
// program, in the same sandbox.
//
//   RESTEM_DATA=... build/release/tests/bench/code_bench --benchmark_repetitions=5
//     --benchmark_enable_random_interleaving=true --benchmark_report_aggregates_only=true
//
// items_per_second counts programs; two threads judge at once.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <array>
#include <atomic>
#include <cstdlib>

#include "data/problems.h"
#include "reward/code/completion.h"
#include "reward/code/options.h"
#include "reward/code/task.h"
#include "reward/make_verifier.h"
#include "reward/sandbox/memory_file.h"
#include "reward/sandbox/watch.h"

namespace restem {
namespace {

std::vector<Problem> LoadHumanEval() {
  const char* data = std::getenv("RESTEM_DATA");
  if (data == nullptr) return {};
  DatasetOptions file;
  file.path = fmt::format("{}/humaneval/HumanEval.jsonl.gz", data);
  auto problems =
      LoadProblems(std::span(&file, 1), {{"id", {"task_id"}}, {"question", {"prompt"}}});
  return problems.ok() ? *std::move(problems) : std::vector<Problem>();
}

const std::vector<Problem>& HumanEval() {
  static const std::vector<Problem> problems = LoadHumanEval();
  return problems;
}

const Problem& Next() {
  static std::atomic<size_t> next = 0;
  return HumanEval()[next++ % HumanEval().size()];
}

// A judgement as it is in a job: program and tests in two processes, in sandboxes that are there.
void BM_WarmWorkers(benchmark::State& state) {
  if (HumanEval().empty()) return state.SkipWithError("RESTEM_DATA does not name the data folder");
  static const auto verifier = [] {
    RewardOptions options;
    options.type = "code";
    return MakeVerifier(options);
  }();
  if (!verifier.ok()) return state.SkipWithError("no sandbox here");
  for (auto _ : state) {
    const Problem& problem = Next();
    const Judgement judgement = (*verifier)->judge(problem, ReferenceProgram(problem));
    if (judgement.verdict != VerdictKind::kCorrect) state.SkipWithError("a solution was refused");
  }
  state.SetItemsProcessed(state.iterations());
}

// The plain way: the same sandbox is made, an interpreter is started in it, and runs the program
// with its tests behind it.
absl::StatusOr<bool> RunInFreshSandbox(const Problem& problem) {
  const CodeOptions options;
  SandboxOptions sandbox_options = options.sandbox();
  sandbox_options.preload.clear();
  RESTEM_ASSIGN_OR_RETURN(const CodeTask task, ReadCodeTask(problem, CodeFormat::kHumanEval));
  const std::string program = ProgramOf(task, ReferenceProgram(problem)) + "\n" +
                              std::get<PythonTests>(task.tests).tests +
                              fmt::format("\ncheck({})\n", task.wanted);
  RESTEM_ASSIGN_OR_RETURN(const auto sandbox, Sandbox::start(sandbox_options));
  RESTEM_ASSIGN_OR_RETURN(const UniqueFd source, MemoryFile(program));
  RESTEM_ASSIGN_OR_RETURN(const UniqueFd streams, MemoryFile(""));
  const std::array descriptors = {source.get(), streams.get(), streams.get(), streams.get()};
  RESTEM_RETURN_IF_ERROR(
      sandbox->begin("run_script", {{"prelude", ""}}, options.program_limits(), descriptors));
  Watch watch(*sandbox, options.watch_limits());
  if (watch.until(*sandbox) != WatchEnd::kReported) return false;
  RESTEM_ASSIGN_OR_RETURN(const ProgramReport report, sandbox->report());
  return report.exit == 0;
}

void BM_FreshInterpreters(benchmark::State& state) {
  if (HumanEval().empty()) return state.SkipWithError("RESTEM_DATA does not name the data folder");
  for (auto _ : state) {
    const auto passed = RunInFreshSandbox(Next());
    if (!passed.ok() || !*passed) state.SkipWithError("a solution was refused");
  }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK(BM_WarmWorkers)->Threads(2)->UseRealTime()->MinTime(1.0);
BENCHMARK(BM_FreshInterpreters)->Threads(2)->UseRealTime()->MinTime(1.0);

}  // namespace
}  // namespace restem
