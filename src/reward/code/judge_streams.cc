#include <absl/strings/ascii.h>
#include <fmt/format.h>
#include <signal.h>

#include "base/pipe.h"
#include "reward/code/compare_output.h"
#include "reward/code/outcome.h"
#include "reward/code/run_tests.h"
#include "reward/sandbox/memory_file.h"

namespace restem {
namespace {

using nlohmann::json;

constexpr size_t kMaxComplaint = 4096;
constexpr const char* kBinary = "/tmp/program";
constexpr int kNotStarted = 127;  // execute.py: NOT_STARTED
constexpr int64_t kMaxBinary = int64_t{64} << 20;

// What one run of a process in the sandbox came to.
struct Run {
  WatchEnd end = WatchEnd::kBroken;
  ProgramReport report;
  std::string output;
  std::string complaint;  // the last line on standard error
};

struct Start {
  std::string_view role;
  json request;
  ProgramLimits limits;
  std::string_view source;  // of run_script: the first of its descriptors
  bool keep = false;
  int binary = -1;  // of execute: what runs, where no path names it
  int output = -1;  // a file for standard output; none: it is read as it comes
};

std::string LastLine(std::string text) {
  absl::StripAsciiWhitespace(&text);
  const size_t line = text.rfind('\n');
  return text.substr(line == std::string::npos ? 0 : line + 1, 300);
}

absl::StatusOr<Run> RunOnce(Sandbox& sandbox,
                            const Start& start,
                            const WatchLimits& limits,
                            std::string_view input) {
  RESTEM_ASSIGN_OR_RETURN(Pipe output, MakePipe());
  SetNonBlocking(output.read);
  RESTEM_ASSIGN_OR_RETURN(const UniqueFd standard_input, MemoryFile(input));
  RESTEM_ASSIGN_OR_RETURN(const UniqueFd complaints, MemoryFile(""));
  std::vector<int> descriptors = {
      standard_input.get(), start.output < 0 ? output.write.get() : start.output, complaints.get()};
  if (start.binary >= 0) descriptors.push_back(start.binary);
  UniqueFd source;
  if (start.role == "run_script") {
    RESTEM_ASSIGN_OR_RETURN(source, MemoryFile(start.source));
    descriptors.insert(descriptors.begin(), source.get());
  }
  Watch watch(sandbox, limits);
  RESTEM_RETURN_IF_ERROR(
      sandbox.begin(start.role, start.request, start.limits, descriptors, start.keep));
  output.write.reset();
  Run run;
  run.end = watch.until(sandbox, output.read.get(), &run.output);
  if (run.end != WatchEnd::kReported) return run;
  auto report = sandbox.report();
  if (!report.ok()) {
    run.end = WatchEnd::kBroken;
    return run;
  }
  run.report = *report;
  if (!Drain(output.read.get(), limits.output_bytes, run.output)) run.end = WatchEnd::kOutputLimit;
  run.complaint = LastLine(ReadMemoryFile(complaints, kMaxComplaint));
  return run;
}

std::string Why(const Run& run, const CodeOptions& options) {
  const std::string end = EndInWords(run.report, options);
  return run.complaint.empty() ? end : fmt::format("{}: {}", end, run.complaint);
}

// Correct where the compiler's result is in /tmp then.
Judgement Compile(Sandbox& sandbox, const CodeOptions& options, std::string_view source) {
  Start start{"execute",
              {{"argv", {options.compiler, "-std=c++17", "-O2", "-x", "c++", "-", "-o", kBinary}}},
              options.program_limits(),
              "",
              /*keep=*/true};
  WatchLimits limits = options.watch_limits();
  limits.seconds = start.limits.seconds = options.compile_seconds;
  limits.memory_bytes = start.limits.memory_bytes =
      std::max(start.limits.memory_bytes, int64_t{2} << 30);
  const auto run = RunOnce(sandbox, start, limits, source);
  if (!run.ok()) return ErrorJudgement(run.status());
  if (run->end == WatchEnd::kReported && run->report.exit == 0)
    return {VerdictKind::kCorrect, "", ""};
  if (run->end == WatchEnd::kReported && run->report.exit == kNotStarted)
    return {VerdictKind::kError, "", fmt::format("no compiler: {}", run->complaint)};
  if (run->end == WatchEnd::kMemoryLimit)
    return {VerdictKind::kWrong, "", "compiling it takes too much memory"};
  if (run->end != WatchEnd::kReported && run->end != WatchEnd::kTimeLimit)
    return LimitJudgement(run->end, options);
  const bool late = run->end == WatchEnd::kTimeLimit;
  return {VerdictKind::kWrong,
          "",
          late ? fmt::format("compiling it takes longer than {} s", options.compile_seconds)
               : fmt::format("it does not compile: {}", run->complaint)};
}

// Compiles into `binary`, so that each case runs in a room that no other has used.
Judgement MakeBinary(Rooms::Lease& room,
                     const CodeOptions& options,
                     std::string_view source,
                     const UniqueFd& binary) {
  const auto sandbox = room.program();
  if (!sandbox.ok()) return ErrorJudgement(sandbox.status());
  Judgement judgement = Compile(**sandbox, options, source);
  if (judgement.verdict == VerdictKind::kCorrect) {
    Start copy{"execute", {{"argv", {"/usr/bin/cat", kBinary}}}, options.program_limits(), ""};
    copy.limits.file_bytes = kMaxBinary;
    copy.output = binary.get();
    const auto copied = RunOnce(**sandbox, copy, options.watch_limits(), "");
    if (!copied.ok()) {
      judgement = ErrorJudgement(copied.status());
    } else if (copied->end != WatchEnd::kReported) {
      judgement = LimitJudgement(copied->end, options);
    } else if (copied->report.exit != 0) {
      const bool large = copied->report.signal == SIGXFSZ;
      judgement = {
          large ? VerdictKind::kWrong : VerdictKind::kError,
          "",
          large ? "its binary is too large" : "its binary cannot be read: " + copied->complaint};
    }
  }
  room.discard_program();  // the compiler's files are there
  return judgement;
}

Judgement JudgeCase(Rooms::Lease& room,
                    const CodeOptions& options,
                    const Start& start,
                    const StreamCase& one) {
  const auto sandbox = room.program();
  if (!sandbox.ok()) return ErrorJudgement(sandbox.status());
  const auto run = RunOnce(**sandbox, start, options.watch_limits(), one.input);
  if (!run.ok() || run->end != WatchEnd::kReported || !run->report.clean()) room.discard_program();
  if (!run.ok()) return ErrorJudgement(run.status());
  if (run->end != WatchEnd::kReported) return LimitJudgement(run->end, options);
  if (run->report.exit != 0) return {VerdictKind::kWrong, "", Why(*run, options)};
  std::string difference = OutputDifference(run->output, one.output);
  return difference.empty() ? Judgement{VerdictKind::kCorrect, "", ""}
                            : Judgement{VerdictKind::kWrong, "", std::move(difference)};
}

}  // namespace

Judgement JudgeStreams(Rooms::Lease& room,
                       const CodeOptions& options,
                       const CodeTask& task,
                       std::string_view source) {
  Start start{"run_script", {{"prelude", task.prelude}}, options.program_limits(), source, false};
  Judgement judgement{VerdictKind::kCorrect, "", ""};
  UniqueFd binary;
  if (options.code_language() == CodeLanguage::kCpp) {
    auto file = MemoryFile("");
    if (!file.ok()) return ErrorJudgement(file.status());
    binary = *std::move(file);
    judgement = MakeBinary(room, options, source, binary);
    start = {"execute", {{"argv", {"program"}}}, options.program_limits(), ""};
    start.binary = binary.get();
  }
  const auto& cases = std::get<StreamCases>(task.tests);
  for (size_t i = 0; i < cases.size() && judgement.verdict == VerdictKind::kCorrect; ++i) {
    judgement = JudgeCase(room, options, start, cases[i]);
    if (judgement.verdict != VerdictKind::kCorrect)
      judgement.reason = fmt::format("case {}: {}", i + 1, judgement.reason);
  }
  return judgement;
}

}  // namespace restem
