// Running the reference implementations.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <string>

#include "support/paths.h"

namespace restem::testing {

struct ProcessResult {
  int exit_code = -1;
  std::string output;  // stdout
};

inline ProcessResult RunProcess(const std::string& command) {
  ProcessResult result;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return result;
  std::array<char, 4096> buffer;
  size_t got = 0;
  while ((got = fread(buffer.data(), 1, buffer.size(), pipe)) > 0)
    result.output.append(buffer.data(), got);
  const int status = pclose(pipe);
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

// Runs tests/<script> with the reference packages' Python; its warnings are dropped.
inline ProcessResult RunPython(const std::string& script, const std::string& arguments) {
  return RunProcess("env -u LD_PRELOAD " + *Python() + " " + RESTEM_SOURCE_DIR + "/tests/" +
                    script + " " + arguments + " 2>/dev/null");
}

}  // namespace restem::testing

// Skips the running test, saying why, where the reference packages are not installed.
#define RESTEM_REQUIRE_PYTHON()     \
  if (!::restem::testing::Python()) \
  GTEST_SKIP() << "no Python with transformers: run scripts/setup.sh --tests"
