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

absl::Status RunState::save() const {
  return WriteJsonFile(path_,
                       {{"iteration", iteration_},
                        {"stage", stage_},
                        {"complete", complete_},
                        {"inputs", inputs_},
                        {"version", Version()}});
}

}  // namespace restem
