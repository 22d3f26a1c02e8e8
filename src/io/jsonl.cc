#include "io/jsonl.h"

#include <fmt/format.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>

#include "base/file.h"
#include "io/json_file.h"

namespace restem {
namespace {

constexpr size_t kChunk = 1 << 16;
constexpr size_t kMaxLine = size_t{1} << 30;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

gzFile AsGz(void* file) { return static_cast<gzFile>(file); }

bool IsBlank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

}  // namespace

void LineReader::GzClose::operator()(void* file) const { ::gzclose(AsGz(file)); }

absl::StatusOr<LineReader> LineReader::open(const std::string& path) {
  // gzopen explains no error, and opens folders: MappedFile does both right.
  RESTEM_RETURN_IF_ERROR(MappedFile::open(path).status());
  LineReader reader;
  reader.path_ = path;
  reader.file_.reset(::gzopen(path.c_str(), "rbe"));
  if (reader.file_ == nullptr)
    return Failed(fmt::format("cannot open {}: {}", path, std::strerror(errno)));
  return reader;
}

absl::StatusOr<bool> LineReader::fill() {
  buffer_.erase(0, at_);
  at_ = 0;
  const size_t before = buffer_.size();
  if (before > kMaxLine)
    return InvalidInput(
        fmt::format("{}:{}: the line is longer than 1 GiB", path_, line_number_ + 1));
  buffer_.resize(before + kChunk);
  const int got = ::gzread(AsGz(file_.get()), buffer_.data() + before, kChunk);
  int error = Z_OK;
  const char* message = ::gzerror(AsGz(file_.get()), &error);
  if (got < 0 || error == Z_BUF_ERROR) {  // Z_BUF_ERROR: a gzip file that ends early
    return InvalidInput(fmt::format(
        "cannot read {}: {}", path_, error == Z_ERRNO ? std::strerror(errno) : message));
  }
  buffer_.resize(before + static_cast<size_t>(got));
  return got > 0;
}

absl::StatusOr<bool> LineReader::next(std::string& line) {
  size_t searched = at_;
  size_t end = std::string::npos;
  while ((end = buffer_.find('\n', searched)) == std::string::npos) {
    const size_t pending = buffer_.size() - at_;
    RESTEM_ASSIGN_OR_RETURN(const bool more, fill());
    if (!more && pending == 0) return false;
    if (!more) {
      end = buffer_.size();
      break;
    }
    searched = pending;  // fill() moved the pending bytes to the front
  }
  line.assign(buffer_, at_, end - at_);
  at_ = std::min(end + 1, buffer_.size());
  ++line_number_;
  if (!line.empty() && line.back() == '\r') line.pop_back();
  if (line_number_ == 1 && line.starts_with(kByteOrderMark)) line.erase(0, kByteOrderMark.size());
  return true;
}

std::string LineReader::where() const { return fmt::format("{}:{}", path_, line_number_); }

absl::StatusOr<JsonlReader> JsonlReader::open(const std::string& path) {
  RESTEM_ASSIGN_OR_RETURN(LineReader lines, LineReader::open(path));
  return JsonlReader(std::move(lines));
}

absl::StatusOr<std::optional<nlohmann::json>> JsonlReader::next() {
  while (true) {
    RESTEM_ASSIGN_OR_RETURN(const bool there, lines_.next(line_));
    if (!there) return std::optional<nlohmann::json>();
    if (IsBlank(line_)) continue;
    RESTEM_ASSIGN_OR_RETURN(nlohmann::json value,
                            ParseJson(line_, lines_.path(), lines_.line_number()));
    if (!value.is_object()) {
      return InvalidInput(
          fmt::format("{}: must be a JSON object, but is {}", where(), JsonKind(value)));
    }
    return std::optional<nlohmann::json>(std::move(value));
  }
}

absl::Status ForEachJsonLine(const std::string& path, const JsonLineFn& visit) {
  RESTEM_ASSIGN_OR_RETURN(JsonlReader reader, JsonlReader::open(path));
  while (true) {
    RESTEM_ASSIGN_OR_RETURN(auto object, reader.next());
    if (!object) return absl::OkStatus();
    RESTEM_RETURN_IF_ERROR(visit(*std::move(object), reader.where()));
  }
}

}  // namespace restem
