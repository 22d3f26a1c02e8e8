#include "io/journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/file.h"
#include "base/log.h"

namespace restem {
namespace {

// Visits the complete lines and returns how many bytes they take.
absl::StatusOr<int64_t> Scan(const std::string& path,
                             std::string_view content,
                             const JournalLineFn& visit) {
  size_t begin = 0;
  for (int64_t number = 1; begin < content.size(); ++number) {
    const size_t end = content.find('\n', begin);
    if (end == std::string_view::npos) break;  // torn: no newline
    const std::string_view line = content.substr(begin, end - begin);
    if (!nlohmann::json::accept(line.begin(), line.end())) {
      if (end + 1 == content.size())
        break;  // torn: the newline reached the disk, what is before it did not
      return InvalidInput(fmt::format(
          "{}:{}: not valid JSON, and not the last line: the file was damaged", path, number));
    }
    if (const absl::Status status = visit(line, number); !status.ok()) {
      return Annotate(status, fmt::format("{}:{}", path, number));
    }
    begin = end + 1;
  }
  return static_cast<int64_t>(begin);
}

absl::StatusOr<int64_t> ScanFile(const std::string& path, const JournalLineFn& visit) {
  RESTEM_ASSIGN_OR_RETURN(const auto file, MappedFile::open(path));
  const auto bytes = file->bytes();
  RESTEM_ASSIGN_OR_RETURN(
      const int64_t complete,
      Scan(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()}, visit));
  if (const auto torn = static_cast<int64_t>(bytes.size()) - complete; torn > 0) {
    spdlog::info("{}: dropped a torn last line of {} bytes", path, torn);
  }
  return complete;
}

}  // namespace

absl::Status ReadJournal(const std::string& path, const JournalLineFn& visit) {
  if (!FileExists(path)) return absl::OkStatus();
  return ScanFile(path, visit).status();
}

absl::StatusOr<std::unique_ptr<Journal>> Journal::open(const std::string& path,
                                                       const JournalLineFn& replay) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) return FileError("open", path, errno);
  std::unique_ptr<Journal> journal(new Journal(path, fd, 0));  // closes fd on every path out
  RESTEM_ASSIGN_OR_RETURN(journal->size_, ScanFile(path, replay));
  if (::ftruncate(fd, journal->size_) != 0) return FileError("repair", path, errno);
  return journal;
}

Journal::~Journal() {
  if (fd_ >= 0) ::close(fd_);
}

absl::Status Journal::append(std::string_view line) {
  if (line.empty() || line.find('\n') != std::string_view::npos) {
    return Failed(fmt::format("cannot write {}: a record must be one line", path_));
  }
  std::lock_guard lock(mutex_);
  if (fd_ < 0) return Failed(fmt::format("cannot write {}: it is closed", path_));
  buffer_.assign(line);
  buffer_.push_back('\n');
  const absl::Status status = WriteAll(fd_, buffer_, path_);
  if (status.ok()) {
    size_ += static_cast<int64_t>(buffer_.size());
    return status;
  }
  // Take back a part of the line: a later line must not be glued to it.
  if (::ftruncate(fd_, size_) != 0) ::close(std::exchange(fd_, -1));
  return status;
}

absl::Status Journal::close() {
  std::lock_guard lock(mutex_);
  if (fd_ < 0) return absl::OkStatus();
  const int fd = std::exchange(fd_, -1);
  absl::Status status;
  if (::fsync(fd) != 0) status = FileError("flush", path_, errno);
  if (::close(fd) != 0 && status.ok()) status = FileError("close", path_, errno);
  return status;
}

}  // namespace restem
