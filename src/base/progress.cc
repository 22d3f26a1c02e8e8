#include "base/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <utility>

namespace restem {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kTerminalInterval = std::chrono::milliseconds(100);
constexpr auto kLineInterval = std::chrono::seconds(5);
constexpr int kBarWidth = 20;

std::atomic<bool> g_default_quiet = false;
std::atomic<bool> g_bar_on_screen = false;

std::string Compact(double value) {
  if (value >= 1e6) return fmt::format("{:.1f}M", value / 1e6);
  if (value >= 1e4) return fmt::format("{:.1f}k", value / 1e3);
  return fmt::format("{:.{}f}", value, value < 10 ? 1 : 0);
}

std::string Duration(double seconds) {
  const auto whole = static_cast<int64_t>(seconds + 0.5);
  if (whole >= 3600) {
    return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  }
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

}  // namespace

Progress::Progress(std::string label, int64_t total, std::string unit, bool quiet)
    : label_(std::move(label)),
      total_(total),
      unit_(std::move(unit)),
      quiet_(quiet),
      terminal_(isatty(STDERR_FILENO) != 0),
      start_(Clock::now()),
      drawn_(start_) {}

Progress::~Progress() { draw(/*last=*/true); }

void Progress::start_at(int64_t done) {
  std::lock_guard lock(mutex_);
  before_ = done;
  done_ += done;
}

void Progress::advance(int64_t items, int64_t units) {
  std::lock_guard lock(mutex_);
  done_ += items;
  units_ += units;
  const auto interval =
      terminal_ ? Clock::duration(kTerminalInterval) : Clock::duration(kLineInterval);
  if (Clock::now() - drawn_ >= interval) draw(/*last=*/false);
}

void Progress::note(std::string text) {
  std::lock_guard lock(mutex_);
  note_ = std::move(text);
}

void Progress::draw(bool last) {
  if (quiet_) return;
  drawn_ = Clock::now();
  const std::string text = line();
  if (terminal_) {
    fmt::print(stderr, "\r\x1b[K{}{}", text, last ? "\n" : "");
    g_bar_on_screen = !last;
  } else {
    fmt::print(stderr, "{}\n", text);
  }
  std::fflush(stderr);
}

std::string Progress::line() const {
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  const double fresh = static_cast<double>(done_ - before_);
  std::string text = fmt::format("{}  ", label_);
  if (terminal_ && total_ > 0) {
    const auto filled =
        static_cast<int>(std::clamp(kBarWidth * done_ / total_, int64_t{0}, int64_t{kBarWidth}));
    text += fmt::format("[{:#<{}}{:.<{}}] ", "", filled, "", kBarWidth - filled);
  }
  text += total_ > 0 ? fmt::format("{}/{}", done_, total_) : fmt::format("{}", done_);
  if (seconds > 0.0 && fresh > 0.0) {
    text += unit_.empty()
                ? fmt::format("  {}/s", Compact(fresh / seconds))
                : fmt::format("  {} {}/s", Compact(static_cast<double>(units_) / seconds), unit_);
    if (done_ < total_) {
      text +=
          fmt::format("  {} left", Duration(seconds / fresh * static_cast<double>(total_ - done_)));
    } else {
      text += fmt::format("  in {}", Duration(seconds));
    }
  }
  if (!note_.empty()) text += fmt::format("  {}", note_);
  return text;
}

void Progress::clear_line() {
  if (!g_bar_on_screen.exchange(false)) return;
  std::fputs("\r\x1b[K", stderr);
}

void Progress::set_default_quiet(bool quiet) { g_default_quiet = quiet; }
bool Progress::default_quiet() { return g_default_quiet; }

}  // namespace restem
