#include "reward/sandbox/memory_file.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>

#include <cstring>

#include "base/file.h"

namespace restem {

absl::Status SystemError(std::string_view doing) {
  return Failed(fmt::format("cannot {}: {}", doing, std::strerror(errno)));
}

absl::StatusOr<UniqueFd> MemoryFile(std::string_view content) {
  UniqueFd file(::memfd_create("restem", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file.valid()) return SystemError("make a file in memory");
  RESTEM_RETURN_IF_ERROR(WriteAll(file.get(), content, "a file in memory"));
  ::lseek(file.get(), 0, SEEK_SET);
  if (!content.empty())
    ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
  return file;
}

std::string ReadMemoryFile(const UniqueFd& file, size_t limit) {
  std::string text(limit, '\0');
  const ssize_t got = ::pread(file.get(), text.data(), limit, 0);
  text.resize(got > 0 ? static_cast<size_t>(got) : 0);
  return text;
}

}  // namespace restem
