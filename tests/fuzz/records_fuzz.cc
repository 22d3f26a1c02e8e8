// Files of records with any bytes: the first says the format, the rest is the file, which may be
// gzip or zstd. Nothing crashes, leaks, overruns or hangs; every error names the file; a second
// reading finds the same; what few fields are wanted of is what is there when all are.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "io/csv.h"
#include "io/json_list.h"
#include "io/jsonl.h"
#include "io/parquet/open.h"

extern "C" restem::OpenParquetFn restem_open_parquet;

namespace restem {
namespace {

constexpr int64_t kMostRecords = 2000;

void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

template <typename Reader>
absl::StatusOr<std::unique_ptr<RecordReader>> Boxed(absl::StatusOr<Reader> reader) {
  if (!reader.ok()) return reader.status();
  return std::make_unique<Reader>(*std::move(reader));
}

absl::StatusOr<std::unique_ptr<RecordReader>> Open(int format,
                                                   const std::string& path,
                                                   const WantedFields& wanted) {
  switch (format) {
    case 0:
      return Boxed(JsonlReader::open(path, wanted));
    case 1:
      return Boxed(JsonListReader::open(path, wanted));
    case 2:
      return Boxed(CsvReader::open(path, ',', wanted));
    case 3:
      return Boxed(CsvReader::open(path, '\t', wanted));
    default:
      absl::StatusOr<std::unique_ptr<RecordReader>> reader = Failed("");
      restem_open_parquet(path, wanted, reader);
      return reader;
  }
}

struct Outcome {
  std::vector<nlohmann::json> records;
  absl::Status status;
};

Outcome ReadAll(int format, const std::string& path, const WantedFields& wanted) {
  Outcome outcome;
  const auto reader = Open(format, path, wanted);
  outcome.status = reader.status();
  int64_t last = 0;
  while (outcome.status.ok() && outcome.records.size() < kMostRecords) {
    auto record = (*reader)->next();
    outcome.status = record.status();
    if (!record.ok() || !record->has_value()) break;
    Require((*record)->is_object(), "a record is an object");
    Require((*reader)->number() > last, "numbers rise");
    last = (*reader)->number();
    for (const auto& [name, value] : (*record)->items()) {
      const auto names = (*reader)->names();
      Require(std::find(names.begin(), names.end(), name) != names.end(), "names has its names");
      if (names.size() > 100) break;
    }
    outcome.records.push_back(**std::move(record));
  }
  Require(outcome.status.ok() || MessageOf(outcome.status).find(path) != std::string_view::npos,
          "an error names the file");
  return outcome;
}

void Check(int format, const std::string& path) {
  const Outcome all = ReadAll(format, path, std::nullopt);
  const Outcome again = ReadAll(format, path, std::nullopt);
  Require(all.records == again.records && all.status == again.status, "the same again");
  const WantedFields wanted = std::set<std::string, std::less<>>{"a", "question"};
  const Outcome some = ReadAll(format, path, wanted);
  for (size_t i = 0; i < std::min(all.records.size(), some.records.size()); ++i) {
    nlohmann::json expected = all.records[i];
    for (auto field = expected.begin(); field != expected.end();)
      field = IsWanted(wanted, field.key()) ? std::next(field) : expected.erase(field);
    Require(some.records[i] == expected, "wanted fields are those of the whole record");
  }
  Require(some.records.size() >= all.records.size(), "nothing wanted less breaks more");
  const auto skipper = Open(format, path, wanted);
  if (!skipper.ok()) return;
  const auto skipped = (*skipper)->skip(kMostRecords);
  Require(!all.status.ok() || !skipped.ok() || *skipped == static_cast<int64_t>(all.records.size()),
          "as many are passed over as are read");
}

}  // namespace
}  // namespace restem

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  static const int file = ::memfd_create("records", 0);
  static const std::string path = "/proc/self/fd/" + std::to_string(file);
  if (::ftruncate(file, 0) != 0 ||
      ::pwrite(file, data + 1, size - 1, 0) != static_cast<ssize_t>(size - 1))
    std::abort();
  restem::Check(data[0] % 5, path);
  return 0;
}
