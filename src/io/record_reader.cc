#include "io/record_reader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "base/file.h"
#include "base/unique_fd.h"
#include "io/csv.h"
#include "io/json_list.h"
#include "io/jsonl.h"
#include "io/parquet/open.h"

namespace restem {
namespace {

constexpr std::array<std::string_view, 2> kCompressed = {".gz", ".zst"};

std::string_view WithoutCompression(std::string_view name) {
  for (const std::string_view ending : kCompressed) {
    if (name.ends_with(ending)) return name.substr(0, name.size() - ending.size());
  }
  return name;
}

absl::StatusOr<bool> BeginsAsParquet(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return FileError("open", path, errno);
  std::array<char, 4> start = {};
  const ssize_t got = ::pread(file.get(), start.data(), start.size(), 0);
  return std::string_view(start.data(), got < 0 ? 0 : static_cast<size_t>(got)) == "PAR1";
}

template <typename Reader>
absl::StatusOr<std::unique_ptr<RecordReader>> Boxed(absl::StatusOr<Reader> reader) {
  if (!reader.ok()) return reader.status();
  return std::make_unique<Reader>(*std::move(reader));
}

}  // namespace

absl::StatusOr<std::unique_ptr<RecordReader>> OpenRecords(const std::string& path,
                                                          WantedFields wanted) {
  const std::string_view name = WithoutCompression(path);
  RESTEM_ASSIGN_OR_RETURN(const bool parquet, BeginsAsParquet(path));
  if (name.ends_with(".parquet")) {
    if (name != path) {
      return InvalidInput(fmt::format(
          "{}: a Parquet file is compressed inside; decompress this one before it is read", path));
    }
    if (parquet) return OpenParquet(path, std::move(wanted));
    return InvalidInput(
        fmt::format("{}: is no Parquet file: it does not begin with \"PAR1\"", path));
  }
  if (parquet)
    return InvalidInput(fmt::format("{}: is a Parquet file: it must be named .parquet", path));
  if (name.ends_with(".csv")) return Boxed(CsvReader::open(path, ',', std::move(wanted)));
  if (name.ends_with(".tsv")) return Boxed(CsvReader::open(path, '\t', std::move(wanted)));
  if (name.ends_with(".json")) return Boxed(JsonListReader::open(path, std::move(wanted)));
  return Boxed(JsonlReader::open(path, std::move(wanted)));
}

std::string RecordFileStem(const std::string& path) {
  return std::filesystem::path(WithoutCompression(path)).stem().string();
}

}  // namespace restem
