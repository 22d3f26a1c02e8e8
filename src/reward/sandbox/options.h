// What a sandbox is made of, and what a program in it may use.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace restem {

// A Python file that process 1 can start programs with (see init.py: a role).
struct SandboxModule {
  std::string_view name;
  std::string_view source;
};

struct SandboxOptions {
  std::string bubblewrap = "bwrap";         // looked up in PATH
  std::string python = "/usr/bin/python3";  // of process 1 and of the programs
  std::vector<std::string> read_only;       // folders besides /usr that programs can read
  std::vector<std::string> preload;         // Python modules that are loaded once, for all programs
  std::vector<SandboxModule> modules;       // copied to /restem, beside init.py
  std::vector<std::string> roles;           // those of `modules` that have a main()
  int64_t tmp_bytes = int64_t{64} << 20;    // size of /tmp, the only place that can be written to
};

// Of one program, inherited by what it starts: each process for itself has them, but `processes`,
// which counts all.
struct ProgramLimits {
  double seconds = 5.0;                       // of CPU time
  int64_t memory_bytes = int64_t{512} << 20;  // address space
  int64_t processes = 32;                     // and threads
  int64_t open_files = 64;
  int64_t file_bytes = int64_t{64} << 20;
};

}  // namespace restem
