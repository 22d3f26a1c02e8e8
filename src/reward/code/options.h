// What a user says of programs: reward.type `code`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/fields.h"
#include "reward/code/completion.h"
#include "reward/code/task.h"
#include "reward/sandbox/options.h"
#include "reward/sandbox/watch.h"

namespace restem {

struct CodeOptions {
  std::string language = "python";
  std::string format = "auto";
  double timeout_seconds = 5.0;
  double compile_seconds = 30.0;
  int64_t memory_mb = 512;
  int64_t tmp_mb = 64;
  int64_t processes = 32;
  std::optional<int64_t> workers;  // programs that run at once; auto: nullopt
  std::string python = "/usr/bin/python3";
  std::string compiler = "/usr/bin/g++";
  std::vector<std::string> preload;
  std::vector<std::string> read_only;

  void visit(config::Fields& f);

  CodeLanguage code_language() const;
  CodeFormat code_format() const;
  SandboxOptions sandbox() const;
  ProgramLimits program_limits() const;
  WatchLimits watch_limits() const;
  size_t rooms() const;  // `workers`, or one for each core this process may use
};

}  // namespace restem
