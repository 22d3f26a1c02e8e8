// Runs a Python script, to compare with the reference packages.
#pragma once

#include <fmt/format.h>
#include <sys/wait.h>

#include <cstdio>
#include <string>
#include <vector>

#include "base/file.h"
#include "support/paths.h"

namespace restem::testing {

struct PythonResult {
  int exit_code = -1;
  std::string output;  // stdout and stderr
};

// `script` is put into `dir`; `args` must hold no quotes.
inline PythonResult RunPython(const std::string& dir,
                              const std::string& script,
                              const std::vector<std::string>& args) {
  const std::string path = dir + "/script.py";
  if (!WriteFileAtomic(path, script).ok()) return {};
  std::string command = fmt::format("'{}' '{}'", *Python(), path);
  for (const std::string& arg : args) command += fmt::format(" '{}'", arg);
  PythonResult result;
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return result;
  char buffer[4096];
  while (const size_t got = std::fread(buffer, 1, sizeof buffer, pipe)) {
    result.output.append(buffer, got);
  }
  const int status = ::pclose(pipe);
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return result;
}

}  // namespace restem::testing

// Skips the running test where there is no Python to compare with.
#define RESTEM_REQUIRE_PYTHON() \
  if (!::restem::testing::Python()) GTEST_SKIP() << "no Python environment: run scripts/setup.sh"
