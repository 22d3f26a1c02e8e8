#include "reward/code/options.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <thread>

#include "reward/code/sources.h"

namespace restem {

namespace {

// What a sandbox has of its own, or must not have.
bool IsSandboxsOwn(const std::string& path) {
  if (path.find_first_not_of('/') == std::string::npos) return true;
  for (const std::string_view own : {"/dev", "/proc", "/restem", "/sys", "/tmp"}) {
    if (path == own || path.starts_with(std::string(own) + "/")) return true;
  }
  return false;
}

}  // namespace

void CodeOptions::visit(config::Fields& f) {
  constexpr std::array<std::string_view, 2> kLanguages = {"python", "cpp"};
  constexpr std::array<std::string_view, 4> kFormats = {"auto", "humaneval", "mbpp", "apps"};
  f.choice("language", language, kLanguages, "Language of the programs; cpp: standard input only.");
  f.choice("format",
           format,
           kFormats,
           "Which fields of a problem hold its tests: those of HumanEval (prompt, test, "
           "entry_point), MBPP (test_list) or APPS (input_output); auto: those that are there.");
  f.real("timeout_seconds",
         timeout_seconds,
         {.min = 0.1, .max = 3600},
         "Time of a program for all its calls, or for one standard input; waiting for a core or "
         "for other programs does not count.");
  f.real("compile_seconds", compile_seconds, {.min = 1, .max = 3600}, "cpp: time to compile.");
  f.integer("memory_mb", memory_mb, {.min = 64, .max = 1 << 20}, "Memory of a program, in MiB.");
  f.integer("tmp_mb", tmp_mb, {.min = 1, .max = 1 << 20}, "Size of its own /tmp, in MiB.");
  f.integer("processes", processes, {.min = 1, .max = 4096}, "Its processes and threads.");
  f.auto_or("workers", workers, {.min = 1, .max = 1024}, "Programs that run at once; auto: cores.");
  f.text("python", python, "Interpreter, below /usr or a folder of read_only.");
  f.text("compiler", compiler, "cpp: the compiler, below /usr or a folder of read_only.");
  f.texts("preload", preload, "Modules to import once, before any program (numpy, say).");
  f.texts("read_only", read_only, "Folders that programs can read, besides the system's /usr.");
  const auto absolute = [](const std::string& path) { return path.starts_with('/'); };
  f.require(std::all_of(read_only.begin(), read_only.end(), absolute),
            "read_only",
            "has to be absolute paths");
  f.require(std::none_of(read_only.begin(), read_only.end(), IsSandboxsOwn),
            "read_only",
            "is not for /, nor for /dev, /proc, /restem, /sys, /tmp and what is in them");
}

CodeLanguage CodeOptions::code_language() const {
  return language == "cpp" ? CodeLanguage::kCpp : CodeLanguage::kPython;
}

CodeFormat CodeOptions::code_format() const {
  if (format == "humaneval") return CodeFormat::kHumanEval;
  if (format == "mbpp") return CodeFormat::kMbpp;
  return format == "apps" ? CodeFormat::kApps : CodeFormat::kAuto;
}

SandboxOptions CodeOptions::sandbox() const {
  SandboxOptions sandbox;
  sandbox.python = python;
  sandbox.read_only = read_only;
  sandbox.preload = {"bisect",
                     "collections",
                     "copy",
                     "datetime",
                     "functools",
                     "hashlib",
                     "heapq",
                     "itertools",
                     "math",
                     "operator",
                     "random",
                     "re",
                     "statistics",
                     "string",
                     "typing"};
  sandbox.preload.insert(sandbox.preload.end(), preload.begin(), preload.end());
  sandbox.modules = {{"plain_data", kPlainDataSource},
                     {"serve_functions", kServeFunctionsSource},
                     {"run_tests", kRunTestsSource},
                     {"run_script", kRunScriptSource},
                     {"execute", kExecuteSource}};
  sandbox.roles = {"serve_functions", "run_tests", "run_script", "execute"};
  sandbox.tmp_bytes = tmp_mb << 20;
  return sandbox;
}

ProgramLimits CodeOptions::program_limits() const {
  ProgramLimits limits;
  limits.seconds = timeout_seconds;
  limits.memory_bytes = memory_mb << 20;
  limits.processes = processes;
  limits.file_bytes = tmp_mb << 20;
  return limits;
}

WatchLimits CodeOptions::watch_limits() const {
  WatchLimits limits;
  limits.seconds = timeout_seconds;
  limits.memory_bytes = memory_mb << 20;
  return limits;
}

size_t CodeOptions::rooms() const {
  return static_cast<size_t>(workers.value_or(std::max(1u, std::thread::hardware_concurrency())));
}

}  // namespace restem
