#include "reward/worker.h"

#include <absl/strings/ascii.h>
#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <thread>
#include <utility>

#include "base/log.h"

extern char** environ;

namespace restem {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr size_t kMaxLine = 16 << 20;  // bytes of an answer without an end
constexpr size_t kMaxErrLine = 2000;
constexpr milliseconds kGrace{500};

class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  ~Fd() { reset(); }
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    reset();
    fd_ = std::exchange(other.fd_, -1);
    return *this;
  }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  void reset() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  int fd_;
};

struct Pipe {
  Fd read;
  Fd write;
};

// Close-on-exec, or one worker would hold another's stdin open.
absl::StatusOr<Pipe> MakePipe() {
  std::array<int, 2> fds;
  if (::pipe2(fds.data(), O_CLOEXEC) != 0) {
    return Failed(fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  }
  return Pipe{Fd(fds[0]), Fd(fds[1])};
}

void SetNonBlocking(int fd) { ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK); }

// This process's environment, with Python told not to hold its output back.
std::vector<std::string> WorkerEnvironment() {
  std::vector<std::string> variables = {"PYTHONUNBUFFERED=1"};
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!std::string_view(*variable).starts_with("PYTHONUNBUFFERED="))
      variables.emplace_back(*variable);
  }
  return variables;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

class SpawnSetup {
 public:
  SpawnSetup() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
  }
  ~SpawnSetup() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&actions_);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;

  void redirect(int from, int to) { posix_spawn_file_actions_adddup2(&actions_, from, to); }

  // 0, or what went wrong.
  int spawn(const WorkerCommand& command, pid_t& pid) {
    if (!command.directory.empty()) {
      posix_spawn_file_actions_addchdir_np(&actions_, command.directory.c_str());
    }
    // Signals that this process ignores or blocks would be so in the child too.
    sigset_t defaults, none;
    sigemptyset(&none);
    sigemptyset(&defaults);
    for (const int number : {SIGPIPE, SIGINT, SIGTERM, SIGHUP}) sigaddset(&defaults, number);
    posix_spawnattr_setsigdefault(&attributes_, &defaults);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    std::vector<std::string> argv = command.argv;
    std::vector<std::string> environment = WorkerEnvironment();
    return ::posix_spawnp(&pid,
                          argv[0].c_str(),
                          &actions_,
                          &attributes_,
                          Pointers(argv).data(),
                          Pointers(environment).data());
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

// Ends seen without reaping, so that the pid still names the child's group and not a stranger's.
bool HasEnded(pid_t pid) {
  siginfo_t info = {};
  return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == pid;
}

bool WaitForEnd(pid_t pid, milliseconds limit) {
  const auto until = steady_clock::now() + limit;
  while (!HasEnded(pid)) {
    if (steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(milliseconds(2));
  }
  return true;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Worker>> Worker::start(const WorkerCommand& command) {
  if (command.argv.empty() || command.argv[0].empty()) return InvalidInput("argv names no program");
  RESTEM_ASSIGN_OR_RETURN(Pipe in, MakePipe());
  RESTEM_ASSIGN_OR_RETURN(Pipe out, MakePipe());
  RESTEM_ASSIGN_OR_RETURN(Pipe err, MakePipe());
  SpawnSetup setup;
  setup.redirect(in.read.get(), STDIN_FILENO);
  setup.redirect(out.write.get(), STDOUT_FILENO);
  setup.redirect(err.write.get(), STDERR_FILENO);
  pid_t pid = 0;
  if (const int error = setup.spawn(command, pid); error != 0) {
    const std::string where =
        command.directory.empty() ? "" : fmt::format(" in folder '{}'", command.directory);
    return InvalidInput(
        fmt::format("cannot start '{}'{}: {}", command.argv[0], where, std::strerror(error)));
  }
  for (const int fd : {in.write.get(), out.read.get(), err.read.get()}) SetNonBlocking(fd);
  return std::unique_ptr<Worker>(
      new Worker(pid, in.write.release(), out.read.release(), err.read.release()));
}

Worker::~Worker() {
  close_input();
  if (!broken_) WaitForEnd(pid_, kGrace);
  ::kill(-pid_, SIGKILL);  // also what the child has started
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  read_err();
  ::close(out_);
  if (err_ >= 0) ::close(err_);
}

void Worker::close_input() {
  if (in_ >= 0) ::close(in_);
  in_ = -1;
}

absl::StatusOr<std::string> Worker::exchange(std::string_view request, Deadline deadline) {
  if (absl::Status status = check_nothing_pending(); !status.ok()) return broken(std::move(status));
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
  std::array<pollfd, 3> fds = {
      {{sending ? in_ : -1, POLLOUT, 0}, {out_, POLLIN, 0}, {err_, POLLIN, 0}}};
  const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
  const int limit = static_cast<int>(std::min<int64_t>(left.count(), 60'000));
  const int count = limit <= 0 ? 0 : ::poll(fds.data(), fds.size(), limit);
  if (count < 0 && errno != EINTR) return Failed(fmt::format("poll: {}", std::strerror(errno)));
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
  const ssize_t sent = ::write(in_, to_send.data(), to_send.size());
  if (sent >= 0) {
    to_send.remove_prefix(static_cast<size_t>(sent));
    return absl::OkStatus();
  }
  return errno == EAGAIN || errno == EINTR ? absl::OkStatus() : death();
}

absl::Status Worker::read_out() {
  std::array<char, 65536> buffer;
  const ssize_t got = ::read(out_, buffer.data(), buffer.size());
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
  for (int round = 0; round < 16;
       ++round) {  // a worker that never stops writing must not hold us here
    const ssize_t got = err_ < 0 ? 0 : ::read(err_, buffer.data(), buffer.size());
    if (got == 0 && err_ >= 0) {  // closed: poll would report it for ever
      ::close(err_);
      err_ = -1;
    }
    if (got <= 0) break;
    for (const char c : std::string_view(buffer.data(), static_cast<size_t>(got))) {
      if (c != '\n' && err_line_.size() < kMaxErrLine) {
        err_line_ += c;
        continue;
      }
      if (!err_line_.empty()) {
        spdlog::info("reward worker {}: {}", pid_, err_line_);
        last_err_ = err_line_;
      }
      err_line_.clear();
      if (c != '\n') err_line_ += c;
    }
  }
}

// A line that no request asked for would be taken for the answer to the next one.
absl::Status Worker::check_nothing_pending() {
  pollfd fd = {out_, POLLIN, 0};
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
  if (WaitForEnd(pid_, milliseconds(100))) {
    siginfo_t info = {};
    ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
    how = info.si_code == CLD_EXITED ? fmt::format("ended with exit code {}", info.si_status)
                                     : fmt::format("was killed by signal {}", info.si_status);
  }
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
