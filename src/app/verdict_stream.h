// From a file of completions to verdicts in the order of the file, a bounded number of them in
// memory, whatever the file's size.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "app/jsonl_io.h"
#include "data/types.h"
#include "io/jsonl.h"
#include "reward/pool.h"

namespace restem {

// The records of a file, one after the other, and what tells whether one is what it was.
class CompletionReader {
 public:
  static absl::StatusOr<CompletionReader> open(const std::string& path);

  struct Completion {
    InputRecord record;
    std::string text;
    std::string hash;  // of its line
  };
  // nullopt at the end. InvalidInput "<file>:<line>: …" for what is no completion.
  absl::StatusOr<std::optional<Completion>> next();

 private:
  explicit CompletionReader(JsonlReader lines) : lines_(std::move(lines)) {}
  JsonlReader lines_;
};

struct VerdictLine {
  std::string input_hash;
  std::string line;  // {"id","sample","verdict","extracted","reason","seconds"}
  Verdict verdict;   // as in `line`
};

class VerdictStream {
 public:
  // Takes the verdicts in input order, one at a time.
  using Sink = std::function<absl::Status(const VerdictLine&)>;

  VerdictStream(const Verifier& verifier, size_t jobs, Sink sink);

  // Judges all that is left. On an error, what was read before it is judged and handed on first,
  // unless a signal came or the sink failed.
  absl::Status judge(CompletionReader& completions);

 private:
  struct Item {
    Problem problem;
    nlohmann::json id;
    nlohmann::json sample;  // null: none
    size_t bytes = 0;
    bool judged = false;
    VerdictLine result;
  };

  absl::Status submit(CompletionReader::Completion&& completion);
  bool has_room() const;
  absl::Status take(Verdict&& verdict, double seconds);
  absl::Status hand_on();

  const Sink sink_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::map<int64_t, Item> items_;  // in work, by position in the file
  size_t bytes_ = 0;               // of their lines
  int64_t submitted_ = 0;
  bool failed_ = false;  // the sink did
  ScoringPool pool_;     // calls take(): goes first
};

}  // namespace restem
