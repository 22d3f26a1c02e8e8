// What a run measures as it goes: <run>/metrics.jsonl, one JSON object per event, and
// <run>/tensorboard beside it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <tuple>

#include "base/status.h"
#include "io/journal.h"
#include "io/tensorboard.h"

namespace restem {

class MetricsLog {
 public:
  // Continues what is there: a torn last line is dropped.
  static absl::StatusOr<std::unique_ptr<MetricsLog>> open(const std::string& run_dir);

  // Drops the events of a log that is not open which `drop` names: they may be recorded anew. The
  // file is replaced whole.
  using DropFn = std::function<bool(std::string_view event, int64_t iteration)>;
  static absl::Status forget(const std::string& run_dir, const DropFn& drop);

  // Appends {"time", "event", "iteration", "step", …fields}, without "step" where it is negative.
  // An event is named by (event, iteration, step) and its text fields ("arm": "control", "set":
  // "svamp"), and recorded once: when a continued stage reaches it again, the call does nothing.
  // Numbers among `fields` go to TensorBoard as "<event>/<text fields' values, if any>/<field>":
  // per-step events as a run of their own for each iteration, others over the iterations.
  // Thread-safe.
  absl::Status record(std::string_view event,
                      int64_t iteration,
                      int64_t step,
                      const nlohmann::ordered_json& fields);

  absl::Status close();

 private:
  MetricsLog() = default;
  absl::StatusOr<TensorBoardWriter*> board(const std::string& name);

  std::string run_dir_;
  std::mutex mutex_;
  std::set<std::tuple<std::string, int64_t, int64_t>> seen_;  // full name, iteration, step
  std::unique_ptr<Journal> journal_;
  std::map<std::string, std::unique_ptr<TensorBoardWriter>> boards_;  // by folder name
};

}  // namespace restem
