// Running the restem binary as a user does.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace restem::testing {

struct Outcome {
  int exit_code = -1;  // -1 where a signal ended it
  int signal = 0;      // 0 where it exited
  std::string out;
  std::string err;
  double seconds = 0.0;
};

// One process of the binary. Its output goes to unnamed files, so that it never waits for a reader.
class Process {
 public:
  // Starts `restem` with these arguments in the folder `cwd` (empty: the test's own).
  explicit Process(const std::vector<std::string>& args, const std::string& cwd = "");
  ~Process();  // ends it if it is still there
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  void send(int signal);
  bool running();
  // Waits; a process that takes longer than two minutes is killed.
  Outcome wait();
  // Waits until stderr holds `text`; false where the process ended or a minute passed before.
  bool wait_for_log(const std::string& text);
  std::string log() const;  // stderr so far

 private:
  using Clock = std::chrono::steady_clock;

  void collect(int status);

  pid_t pid_ = -1;
  bool ended_ = false;
  int out_fd_ = -1;
  int err_fd_ = -1;
  Clock::time_point start_;
  Outcome outcome_;
};

Outcome Restem(const std::vector<std::string>& args, const std::string& cwd = "");

// Runs a command again and again, killing it after the shares of `whole_seconds` that `next_moment`
// gives, until it ends by itself or has been killed `most` times; then lets it end. Returns the
// kills.
int KillUntilDone(const std::vector<std::string>& command,
                  int most,
                  double& whole_seconds,
                  const std::function<double()>& next_moment);

std::string ReadText(const std::filesystem::path& path);
void WriteText(const std::filesystem::path& path, const std::string& text);

}  // namespace restem::testing
