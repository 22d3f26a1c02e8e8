// state.json: which stages of a run are complete, and what the run was made from.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/status.h"

namespace restem {

enum class Stage { kSample, kScore, kSelect, kTrain, kEvaluate, kControl };
std::string_view ToString(Stage stage);  // "sample", …

class RunState {
 public:
  // Reads `path`, or starts empty where it is absent.
  static absl::StatusOr<RunState> load(const std::string& path);

  bool is_complete(int64_t iteration, Stage stage) const;
  // Each writes the file at once.
  absl::Status begin(int64_t iteration, Stage stage);
  absl::Status complete(int64_t iteration, Stage stage);
  absl::Status finish();  // the whole run

  // Complete stages that read the verdicts of `iteration`, or what was made from them: "01/select".
  std::vector<std::string> derived_from_score(int64_t iteration) const;
  // They are no longer complete. Writes the file.
  absl::Status take_back_after_score(int64_t iteration);
  // Complete stages that were made from verdicts that are no more. Written with the next change.
  const std::set<std::string>& outdated() const { return outdated_; }
  void set_outdated(const std::vector<std::string>& stages) {
    outdated_.insert(stages.begin(), stages.end());
  }

  // Hash of every input file by path: data, base model, few-shot text.
  const std::map<std::string, std::string>& inputs() const { return inputs_; }
  void set_inputs(std::map<std::string, std::string> inputs) { inputs_ = std::move(inputs); }

 private:
  explicit RunState(std::string path) : path_(std::move(path)) {}
  absl::Status save() const;

  std::string path_;
  int64_t iteration_ = 0;
  std::string stage_ = "new";
  std::set<std::string> complete_;  // "01/sample"
  std::set<std::string> outdated_;
  std::map<std::string, std::string> inputs_;
};

}  // namespace restem
