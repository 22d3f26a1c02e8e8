// The output of `restem verify` while it is made: OUTPUT.partial, one line for each verdict in
// input order, which a later process continues.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "app/verdict_stream.h"
#include "io/journal.h"
#include "reward/options.h"

namespace restem {

class VerdictJournal {
 public:
  // Continues the journal beside `output`, or begins one. `completions` is read up to where the
  // journal ends, and `replay` is told each verdict. InvalidInput, with what differs, where the
  // reward or those completions are not what they were; with `fresh` the journal is thrown away
  // first. InvalidInput too while another process writes there.
  static absl::StatusOr<std::unique_ptr<VerdictJournal>> open(
      const std::string& output,
      const RewardOptions& reward,
      bool fresh,
      CompletionReader& completions,
      const std::function<void(const Verdict&)>& replay);
  ~VerdictJournal();
  VerdictJournal(const VerdictJournal&) = delete;
  VerdictJournal& operator=(const VerdictJournal&) = delete;

  absl::Status add(const VerdictLine& verdict);
  int64_t verdicts() const { return verdicts_; }
  const std::string& path() const { return path_; }

  // Writes the output, complete or not at all, and removes the journal. `visit` is told each line
  // of the output.
  absl::Status finish(const std::function<absl::Status(std::string_view line)>& visit);
  // Removes a journal that holds nothing.
  void drop_if_empty();

 private:
  VerdictJournal(std::string output, std::string path, int lock)
      : output_(std::move(output)), path_(std::move(path)), lock_(lock) {}

  const std::string output_;
  const std::string path_;
  const int lock_;
  std::unique_ptr<Journal> journal_;
  int64_t verdicts_ = 0;
};

}  // namespace restem
