#include "reward/remote/worker.h"

#include <absl/strings/ascii.h>
#include <errno.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/shutdown.h"

namespace restem {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr size_t kMaxLine = 16 << 20;  // bytes of an answer without an end
constexpr size_t kMaxErrLine = 2000;
constexpr milliseconds kGrace{500};
constexpr int64_t kLookForStop = 100;  // milliseconds

}  // namespace

absl::StatusOr<std::unique_ptr<Worker>> Worker::start(const WorkerCommand& command,
                                                      ErrorLine error_line) {
  RESTEM_ASSIGN_OR_RETURN(Child child, StartChild(command));
  return std::unique_ptr<Worker>(new Worker(std::move(child), std::move(error_line)));
}

Worker::~Worker() {
  close_input();
  if (!broken_) WaitForEnd(child_.pid, kGrace);
  KillGroup(child_.pid);
  read_err();
}

absl::StatusOr<std::string> Worker::exchange(std::string_view request, Deadline deadline) {
  if (absl::Status status = check_idle(); !status.ok()) return broken(std::move(status));
  const std::string line = fmt::format("{}\n", request);
  std::string_view to_send = line;
  size_t end = std::string::npos;
  while (!to_send.empty() || (end = received_.find('\n')) == std::string::npos) {
    if (absl::Status status = step(to_send, deadline); !status.ok())
      return broken(std::move(status));
  }
  std::string answer = received_.substr(0, end);
  received_.erase(0, end + 1);
  fresh_ = false;
  return answer;
}

// One wait, then whatever can be sent and read without blocking.
absl::Status Worker::step(std::string_view& to_send, Deadline deadline) {
  short in = 0, out = 0, err = 0;
  RESTEM_RETURN_IF_ERROR(wait_ready(!to_send.empty(), deadline, in, out, err));
  if (err != 0) read_err();
  if (out != 0) RESTEM_RETURN_IF_ERROR(read_out());
  if (in != 0) RESTEM_RETURN_IF_ERROR(send_some(to_send));
  return absl::OkStatus();
}

absl::Status Worker::wait_ready(
    bool sending, Deadline deadline, short& in, short& out, short& err) {
  std::array<pollfd, 3> fds = {{{sending ? child_.in.get() : -1, POLLOUT, 0},
                                {child_.out.get(), POLLIN, 0},
                                {child_.err.get(), POLLIN, 0}}};
  const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
  const int limit = static_cast<int>(std::min<int64_t>(left.count(), kLookForStop));
  const int count = limit <= 0 ? 0 : ::poll(fds.data(), fds.size(), limit);
  if (count < 0 && errno != EINTR) return Failed(fmt::format("poll: {}", std::strerror(errno)));
  RESTEM_RETURN_IF_ERROR(CheckStop());
  if (steady_clock::now() >= deadline) {
    return Failed("the worker gave no answer in time (does it flush its output?)");
  }
  if (count <= 0) return absl::OkStatus();
  in = fds[0].revents;
  out = fds[1].revents;
  err = fds[2].revents;
  return absl::OkStatus();
}

absl::Status Worker::send_some(std::string_view& to_send) {
  const ssize_t sent = ::write(child_.in.get(), to_send.data(), to_send.size());
  if (sent >= 0) {
    to_send.remove_prefix(static_cast<size_t>(sent));
    return absl::OkStatus();
  }
  return errno == EAGAIN || errno == EINTR ? absl::OkStatus() : death();
}

absl::Status Worker::read_out() {
  std::array<char, 65536> buffer;
  const ssize_t got = ::read(child_.out.get(), buffer.data(), buffer.size());
  if (got < 0) return errno == EAGAIN || errno == EINTR ? absl::OkStatus() : death();
  if (got == 0) return death();
  received_.append(buffer.data(), static_cast<size_t>(got));
  if (received_.size() > kMaxLine) {
    return Failed(fmt::format("the worker wrote more than {} MiB without an end", kMaxLine >> 20));
  }
  return absl::OkStatus();
}

void Worker::read_err() {
  std::array<char, 4096> buffer;
  // A worker that never stops writing must not hold us here.
  for (int round = 0; round < 16 && child_.err.valid(); ++round) {
    const ssize_t got = ::read(child_.err.get(), buffer.data(), buffer.size());
    if (got == 0) child_.err.reset();  // closed: poll would report it for ever
    if (got <= 0) break;
    take_err({buffer.data(), static_cast<size_t>(got)});
  }
}

void Worker::take_err(std::string_view bytes) {
  for (const char c : bytes) {
    if (c != '\n' && err_line_.size() < kMaxErrLine) {
      err_line_ += c;
      continue;
    }
    if (!err_line_.empty()) {
      error_line_(err_line_);
      last_err_ = err_line_;
    }
    err_line_.clear();
    if (c != '\n') err_line_ += c;
  }
}

// A line that no request asked for would be taken for the answer to the next one.
absl::Status Worker::check_idle() {
  pollfd fd = {child_.out.get(), POLLIN, 0};
  if (::poll(&fd, 1, 0) > 0) RESTEM_RETURN_IF_ERROR(read_out());
  if (absl::StripAsciiWhitespace(received_).empty()) {
    received_.clear();
    return absl::OkStatus();
  }
  return Failed(
      fmt::format("the worker wrote a line that nobody asked for: {}", received_.substr(0, 200)));
}

absl::Status Worker::death() {
  std::string how = "closed its output";
  if (WaitForEnd(child_.pid, milliseconds(100))) how = HowItEnded(child_.pid);
  read_err();
  return Failed(last_err_.empty()
                    ? fmt::format("the worker {}", how)
                    : fmt::format("the worker {}; its last words: {}", how, last_err_));
}

absl::Status Worker::broken(absl::Status status) {
  broken_ = true;
  return status;
}

}  // namespace restem
