#include "app/direct_output.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/file.h"

namespace restem {

bool IsStdout(const std::string& path) {
  struct stat there = {};
  struct stat out = {};
  return ::stat(path.c_str(), &there) == 0 && ::fstat(STDOUT_FILENO, &out) == 0 &&
         there.st_dev == out.st_dev && there.st_ino == out.st_ino;
}

bool IsDirect(const std::string& path) {
  struct stat there = {};
  if (::stat(path.c_str(), &there) != 0) return false;
  return !S_ISREG(there.st_mode) || IsStdout(path);
}

absl::StatusOr<std::unique_ptr<DirectOutput>> DirectOutput::open(const std::string& path) {
  // Opened anew, a file would be written from its start, over what stdout says.
  const bool is_stdout = IsStdout(path);
  if (is_stdout) std::fflush(stdout);
  const int fd = is_stdout ? ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
                           : ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return FileError("write to", path, errno);
  return std::unique_ptr<DirectOutput>(new DirectOutput(path, fd));
}

DirectOutput::~DirectOutput() { ::close(fd_); }

absl::Status DirectOutput::write(std::string_view line) {
  buffer_.assign(line).push_back('\n');
  return WriteAll(fd_, buffer_, path_);
}

}  // namespace restem
