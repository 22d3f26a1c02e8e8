#include "app/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <thread>

namespace restem::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto kLongest = seconds(120);
constexpr auto kPoll = milliseconds(2);

std::string ReadAll(int fd) {
  std::string text;
  char buffer[1 << 14];
  for (off_t at = 0;;) {
    const ssize_t got = ::pread(fd, buffer, sizeof buffer, at);
    if (got <= 0) return text;
    text.append(buffer, static_cast<size_t>(got));
    at += got;
  }
}

// Only calls that are safe after a fork.
[[noreturn]] void Become(const std::vector<char*>& argv,
                         const std::string& cwd,
                         int out_fd,
                         int err_fd) {
  const int null = ::open("/dev/null", O_RDONLY);
  ::dup2(null, 0);
  ::dup2(out_fd, 1);
  ::dup2(err_fd, 2);
  if (!cwd.empty() && ::chdir(cwd.c_str()) != 0) ::_exit(126);
  ::execv(argv[0], argv.data());
  ::_exit(127);
}

}  // namespace

Process::Process(const std::vector<std::string>& args, const std::string& cwd)
    : out_fd_(::memfd_create("stdout", MFD_CLOEXEC)),
      err_fd_(::memfd_create("stderr", MFD_CLOEXEC)),
      start_(Clock::now()) {
  std::vector<std::string> words = {RESTEM_BINARY};
  words.insert(words.end(), args.begin(), args.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ == 0) Become(argv, cwd, out_fd_, err_fd_);
}

Process::~Process() {
  if (running()) {
    send(SIGKILL);
    wait();
  }
  ::close(out_fd_);
  ::close(err_fd_);
}

void Process::send(int signal) {
  if (!ended_) ::kill(pid_, signal);
}

void Process::collect(int status) {
  ended_ = true;
  outcome_.seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  outcome_.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  outcome_.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  outcome_.out = ReadAll(out_fd_);
  outcome_.err = ReadAll(err_fd_);
}

bool Process::running() {
  int status = 0;
  if (!ended_ && ::waitpid(pid_, &status, WNOHANG) == pid_) collect(status);
  return !ended_;
}

Outcome Process::wait() {
  while (running()) {
    if (Clock::now() - start_ > kLongest) {
      ADD_FAILURE() << "restem hangs; its log:\n" << log();
      send(SIGKILL);
    }
    std::this_thread::sleep_for(kPoll);
  }
  return outcome_;
}

bool Process::wait_for_log(const std::string& text) {
  while (log().find(text) == std::string::npos) {
    if (!running() || Clock::now() - start_ > kLongest / 2) return false;
    std::this_thread::sleep_for(kPoll);
  }
  return true;
}

std::string Process::log() const { return ReadAll(err_fd_); }

Outcome Restem(const std::vector<std::string>& args, const std::string& cwd) {
  return Process(args, cwd).wait();
}

int KillUntilDone(const std::vector<std::string>& command,
                  int most,
                  double& whole_seconds,
                  const std::function<double()>& next_moment) {
  for (int kills = 0;; ++kills) {
    Process process(command);
    if (kills < most) {
      std::this_thread::sleep_for(std::chrono::duration<double>(next_moment() * whole_seconds));
      process.send(SIGKILL);
    }
    const Outcome outcome = process.wait();
    if (outcome.signal == SIGKILL) continue;
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    // The machine has become faster since the duration was measured: aim anew.
    if (kills == 0) whole_seconds = outcome.seconds;
    return kills;
  }
}

std::string ReadText(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << "cannot read " << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void WriteText(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file << text;
  ASSERT_TRUE(file.flush().good()) << "cannot write " << path;
}

}  // namespace restem::testing
