#include <fmt/format.h>
#include <signal.h>
#include <sys/socket.h>

#include <array>
#include <nlohmann/json.hpp>

#include "reward/code/outcome.h"
#include "reward/code/run_tests.h"
#include "reward/sandbox/memory_file.h"

namespace restem {
namespace {

using nlohmann::json;

constexpr size_t kMaxVerdict = 65536;
constexpr double kGraceSeconds = 0.5;  // for one side to end after the other

json TestsAsJson(const CodeTask& task) {
  if (const auto* calls = std::get_if<CallCases>(&task.tests))
    return {{"function", calls->function}, {"cases", calls->cases}};
  const auto& tests = std::get<PythonTests>(task.tests);
  return {{"prelude", task.prelude},
          {"stub", task.stub},
          {"tests", tests.tests},
          {"entry_point", tests.entry_point}};
}

json ProgramAsJson(const CodeTask& task, std::string_view source) {
  // APPS's stub is half of a program at most: what it promises is its prelude.
  const bool calls = std::holds_alternative<CallCases>(task.tests);
  return {{"prelude", task.prelude}, {"stub", calls ? "" : task.stub}, {"program", source}};
}

absl::StatusOr<UniqueFd> JsonFile(const json& value) {
  return MemoryFile(value.dump(-1, ' ', /*ensure_ascii=*/true, json::error_handler_t::replace));
}

absl::StatusOr<std::array<UniqueFd, 2>> MakeWire() {
  std::array<int, 2> pair;
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0)
    return SystemError("make a socket");
  return std::array<UniqueFd, 2>{UniqueFd(pair[0]), UniqueFd(pair[1])};
}

absl::Status Begin(Sandbox& program,
                   Sandbox& tests,
                   const CodeOptions& options,
                   const CodeTask& task,
                   std::string_view source,
                   const UniqueFd& verdict) {
  RESTEM_ASSIGN_OR_RETURN(const auto wire, MakeWire());
  RESTEM_ASSIGN_OR_RETURN(const UniqueFd code, JsonFile(ProgramAsJson(task, source)));
  RESTEM_ASSIGN_OR_RETURN(const UniqueFd expected, JsonFile(TestsAsJson(task)));
  const std::array program_has = {code.get(), wire[0].get()};
  const std::array tests_have = {expected.get(), wire[1].get(), verdict.get()};
  const ProgramLimits limits = options.program_limits();
  RESTEM_RETURN_IF_ERROR(program.begin("serve_functions", json::object(), limits, program_has));
  return tests.begin("run_tests", json::object(), limits, tests_have);
}

// What the tests' process wrote, which no program can write to. Where it ended without a word, that
// is the doing of the program whose answers it read, unless it was killed with time to spare.
Judgement ReadVerdict(const UniqueFd& file,
                      const absl::StatusOr<ProgramReport>& report,
                      const CodeOptions& options) {
  const json said = json::parse(ReadMemoryFile(file, kMaxVerdict), nullptr, false);
  if (!said.is_object()) {
    const bool killed = !report.ok() || (report->signal == SIGKILL &&
                                         report->cpu_seconds < options.timeout_seconds);
    return {killed ? VerdictKind::kError : VerdictKind::kWrong,
            "",
            "the tests' process ended over its answers"};
  }
  const std::string verdict = said.value("verdict", "");
  const std::string reason = said.value("reason", "");
  for (const VerdictKind kind : {VerdictKind::kCorrect, VerdictKind::kWrong, VerdictKind::kError}) {
    if (verdict == ToString(kind)) return {kind, "", reason};
  }
  return {VerdictKind::kError, "", "the tests' process gave no verdict"};
}

// The program ends when its tests have ended; how, explains what the tests saw, and is not known
// where it does not end. Failed where its sandbox died. A room that is not as it was is not used
// again.
absl::StatusOr<std::optional<ProgramReport>> EndProgram(Rooms::Lease& room, Sandbox& program) {
  Watch grace(program, {.seconds = kGraceSeconds});
  if (grace.until(program) != WatchEnd::kReported) {
    room.discard_program();
    return std::nullopt;
  }
  const auto report = program.report();
  if (!report.ok() || !report->clean()) room.discard_program();
  if (!report.ok()) return report.status();
  return *report;
}

void EndTests(Rooms::Lease& room, Sandbox& tests) {
  Watch grace(tests, {.seconds = kGraceSeconds});
  if (grace.until(tests) == WatchEnd::kReported) {
    const auto report = tests.report();
    if (report.ok() && report->clean()) return;
  }
  room.discard_tests();
}

}  // namespace

Judgement JudgeFunctions(Rooms::Lease& room,
                         const CodeOptions& options,
                         const CodeTask& task,
                         std::string_view source) {
  const auto program = room.program();
  if (!program.ok()) return ErrorJudgement(program.status());
  const auto tests = room.tests();
  if (!tests.ok()) return ErrorJudgement(tests.status());
  const auto verdict = MemoryFile("");
  if (!verdict.ok()) return ErrorJudgement(verdict.status());
  Watch watch(**program, options.watch_limits(), *tests);
  if (const auto begun = Begin(**program, **tests, options, task, source, *verdict); !begun.ok()) {
    room.discard_program();
    room.discard_tests();
    return ErrorJudgement(begun);
  }
  const WatchEnd end = watch.until(**tests);
  if (end != WatchEnd::kReported) {
    room.discard_program();
    EndTests(room, **tests);
    return LimitJudgement(end, options);
  }
  const auto report = (*tests)->report();
  if (!report.ok() || !report->clean()) room.discard_tests();
  Judgement judgement = ReadVerdict(*verdict, report, options);
  const auto ended = EndProgram(room, **program);
  if (judgement.verdict != VerdictKind::kWrong) return judgement;
  // Killed from outside with all that was in it, by a system that has no memory left, say.
  if (!ended.ok()) return LimitJudgement(WatchEnd::kBroken, options);
  if (*ended && ((*ended)->signal || (*ended)->exit != 0))
    judgement.reason += fmt::format(" ({})", EndInWords(**ended, options));
  return judgement;
}

}  // namespace restem
