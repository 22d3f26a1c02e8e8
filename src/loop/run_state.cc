#include "loop/run_state.h"

#include <fmt/format.h>

#include "base/file.h"
#include "base/version.h"
#include "io/json_file.h"

namespace restem {
namespace {

std::string KeyOf(int64_t iteration, Stage stage) {
  return fmt::format("{:02}/{}", iteration, ToString(stage));
}

}  // namespace

std::string_view ToString(Stage stage) {
  switch (stage) {
    case Stage::kSample:
      return "sample";
    case Stage::kScore:
      return "score";
    case Stage::kSelect:
      return "select";
    case Stage::kTrain:
      return "train";
    case Stage::kEvaluate:
      return "evaluate";
    case Stage::kControl:
      return "control";
  }
  return "";
}

absl::StatusOr<RunState> RunState::load(const std::string& path) {
  RunState state(path);
  if (!FileExists(path)) return state;
  RESTEM_ASSIGN_OR_RETURN(const JsonFile file, ReadJsonFile(path));
  RESTEM_ASSIGN_OR_RETURN(state.iteration_, GetInt(file, "iteration"));
  RESTEM_ASSIGN_OR_RETURN(state.stage_, GetText(file, "stage"));
  if (file.value.contains("complete")) {
    RESTEM_ASSIGN_OR_RETURN(const auto complete, GetTexts(file, "complete"));
    state.complete_.insert(complete.begin(), complete.end());
  }
  if (file.value.contains("from_old_verdicts")) {
    RESTEM_ASSIGN_OR_RETURN(const auto outdated, GetTexts(file, "from_old_verdicts"));
    state.outdated_.insert(outdated.begin(), outdated.end());
  }
  if (const nlohmann::json* inputs = FindJson(file, "inputs");
      inputs != nullptr && inputs->is_object()) {
    for (const auto& [name, hash] : inputs->items()) {
      if (hash.is_string()) state.inputs_[name] = hash.get<std::string>();
    }
  }
  return state;
}

bool RunState::is_complete(int64_t iteration, Stage stage) const {
  return complete_.contains(KeyOf(iteration, stage));
}

absl::Status RunState::begin(int64_t iteration, Stage stage) {
  iteration_ = iteration;
  stage_ = ToString(stage);
  return save();
}

absl::Status RunState::complete(int64_t iteration, Stage stage) {
  complete_.insert(KeyOf(iteration, stage));
  return save();
}

absl::Status RunState::finish() {
  stage_ = "done";
  return save();
}

std::vector<std::string> RunState::derived_from_score(int64_t iteration) const {
  std::vector<std::string> derived;
  for (const std::string& key : complete_) {
    const int64_t n = std::stoll(key);
    const bool reads_verdicts = key != KeyOf(n, Stage::kSample) && key != KeyOf(n, Stage::kScore);
    if (n > iteration || (n == iteration && reads_verdicts)) derived.push_back(key);
  }
  return derived;
}

absl::Status RunState::take_back_after_score(int64_t iteration) {
  for (const std::string& key : derived_from_score(iteration)) {
    complete_.erase(key);
    outdated_.erase(key);
  }
  iteration_ = iteration;
  stage_ = ToString(Stage::kScore);
  return save();
}

absl::Status RunState::save() const {
  nlohmann::json state = {{"iteration", iteration_},
                          {"stage", stage_},
                          {"complete", complete_},
                          {"inputs", inputs_},
                          {"version", Version()}};
  if (!outdated_.empty()) state["from_old_verdicts"] = outdated_;
  return WriteJsonFile(path_, state);
}

}  // namespace restem
