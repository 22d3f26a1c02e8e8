// Progress on stderr: a bar on a terminal, a line every few seconds off it.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

namespace restem {

class Progress {
 public:
  // "sample 01  [#####.....] 512/1000  12.3k tokens/s  0:41 left". `unit` names what `advance`
  // counts beside items. Nothing is drawn when `quiet`.
  Progress(std::string label, int64_t total, std::string unit = "", bool quiet = default_quiet());
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `done` items of work recorded before this process started: counted, but not in the rate.
  // Thread-safe.
  void start_at(int64_t done);
  // `items` more are finished, with `units` of the unit named above (tokens, …). Thread-safe.
  void advance(int64_t items, int64_t units = 0);
  // A short text at the line's end, such as "loss 1.234". Thread-safe.
  void note(std::string text);

  // Erases a bar that is on the screen, so that a log line can be printed.
  static void clear_line();
  // What --quiet set.
  static void set_default_quiet(bool quiet);
  static bool default_quiet();

 private:
  void draw(bool last);
  std::string line() const;

  const std::string label_;
  const int64_t total_;
  const std::string unit_;
  const bool quiet_;
  const bool terminal_;
  std::mutex mutex_;
  int64_t before_ = 0;  // items done before this process
  int64_t done_ = 0;    // items, those before included
  int64_t units_ = 0;
  std::string note_;
  const std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point drawn_;
};

}  // namespace restem
