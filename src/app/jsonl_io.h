// What the commands over JSONL files share: reading records, writing results in input order, the
// closing line.
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "text/tokenizer.h"

namespace restem {

// One input line: its object, its id, and where it stands.
struct InputRecord {
  std::string id;  // a number is taken as text
  nlohmann::json fields;
  std::string where;  // "<file>:<line>"
  nlohmann::ordered_json ordered =
      nullptr;  // `fields` with keys in the line's order, if it has `messages`
};

// InvalidInput where the object has no id that is text or an integer.
absl::StatusOr<InputRecord> AsRecord(nlohmann::json fields, const std::string& where);

// All records of a file. Broken JSON, a missing or repeated id, and an empty file are InvalidInput
// naming the line. `unique_ids` false allows an id to come again.
absl::StatusOr<std::vector<InputRecord>> ReadRecords(const std::string& path, bool unique_ids);

// Token ids of `record`: as given under `tokens_key`, else `text_key`'s text encoded. InvalidInput
// where both or neither are there.
absl::StatusOr<std::vector<int32_t>> TokensOf(const InputRecord& record,
                                              const std::string& text_key,
                                              const std::string& tokens_key,
                                              const Tokenizer& tokenizer);

// Writes lines, each with a newline; the file is complete or absent. What is this process's stdout
// is appended to.
absl::Status WriteLines(const std::string& path, std::span<const std::string> lines);

// The closing JSON line on stdout. Absent numbers are left out.
struct Summary {
  int64_t items = 0;
  std::optional<int64_t> samples;
  std::optional<int64_t> prompt_tokens;
  std::optional<int64_t> generated_tokens;
  double seconds = 0.0;  // loading the model left out
  std::optional<double> load_seconds;
  std::optional<int64_t> skipped = std::nullopt;  // of the items
  nlohmann::ordered_json more = nullptr;          // a command's own fields, if an object
};
void PrintSummary(const Summary& summary);

// Seconds since it was made or restarted.
class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
};

}  // namespace restem
