#include "loop/run_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/file.h"

namespace restem {

absl::StatusOr<std::unique_ptr<RunLock>> RunLock::acquire(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0)
    return InvalidInput(
        fmt::format("cannot write to the run directory: {}: {}", path, std::strerror(errno)));
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    ::close(fd);
    const auto holder = ReadFile(path);
    return InvalidInput(fmt::format(
        "{} is held by another restem process (pid {}); wait for it or use another run directory",
        path,
        holder.ok() && !holder->empty() ? *holder : "unknown"));
  }
  const std::string pid = std::to_string(::getpid());
  // The pid is for messages only: the lock itself is the kernel's.
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, pid.data(), pid.size(), 0) < 0) {
    const int error = errno;
    ::close(fd);
    return Failed(fmt::format("cannot write {}: {}", path, std::strerror(error)));
  }
  return std::unique_ptr<RunLock>(new RunLock(fd));
}

RunLock::~RunLock() { ::close(fd_); }

}  // namespace restem
