#include "io/metrics.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>

#include "base/file.h"

namespace restem {
namespace {

using nlohmann::ordered_json;

constexpr int64_t kNoStep = -1;

// The event and the values of its text fields: "evaluate/svamp/control". Sorted by key, so that
// the order of fields does not matter.
template <typename Json>
std::string FullName(std::string_view event, const Json& fields) {
  std::map<std::string, std::string> texts;
  for (const auto& [key, value] : fields.items()) {
    if (value.is_string() && key != "event") texts[key] = value.template get<std::string>();
  }
  std::string name(event);
  for (const auto& [key, value] : texts) name.append("/").append(value);
  return name;
}

// Milliseconds are enough, and short to read.
double Now() {
  using std::chrono::milliseconds;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<double>(std::chrono::duration_cast<milliseconds>(now).count()) / 1000.0;
}

}  // namespace

absl::StatusOr<std::unique_ptr<MetricsLog>> MetricsLog::open(const std::string& run_dir) {
  std::unique_ptr<MetricsLog> log(new MetricsLog());
  log->run_dir_ = run_dir;
  const auto note = [&](std::string_view line, int64_t) {
    const auto event = nlohmann::json::parse(line.begin(), line.end());
    if (event.is_object() && event.contains("event") && event["event"].is_string()) {
      const auto number = [&](const char* key) {
        const auto found = event.find(key);
        return found != event.end() && found->is_number_integer() ? found->get<int64_t>() : kNoStep;
      };
      log->seen_.emplace(
          FullName(event["event"].get<std::string>(), event), number("iteration"), number("step"));
    }
    return absl::OkStatus();
  };
  RESTEM_ASSIGN_OR_RETURN(log->journal_, Journal::open(run_dir + "/metrics.jsonl", note));
  return log;
}

absl::Status MetricsLog::forget(const std::string& run_dir, const DropFn& drop) {
  const std::string path = run_dir + "/metrics.jsonl";
  std::string kept;
  RESTEM_RETURN_IF_ERROR(ReadJournal(path, [&](std::string_view line, int64_t) {
    const auto event = nlohmann::json::parse(line.begin(), line.end());
    const bool known = event.is_object() && event.contains("event") && event["event"].is_string() &&
                       event.contains("iteration") && event["iteration"].is_number_integer();
    if (!known || !drop(event["event"].get<std::string>(), event["iteration"].get<int64_t>()))
      kept.append(line).push_back('\n');
    return absl::OkStatus();
  }));
  return WriteFileAtomic(path, kept);
}

absl::Status MetricsLog::record(std::string_view event,
                                int64_t iteration,
                                int64_t step,
                                const ordered_json& fields) {
  std::lock_guard lock(mutex_);
  const bool per_step = step >= 0;
  const std::string full_name = FullName(event, fields);
  const auto key = std::tuple(full_name, iteration, per_step ? step : kNoStep);
  if (seen_.contains(key)) return absl::OkStatus();
  ordered_json line = {{"time", Now()}, {"event", event}, {"iteration", iteration}};
  if (per_step) line["step"] = step;
  line.update(fields);
  RESTEM_RETURN_IF_ERROR(
      journal_->append(line.dump(-1, ' ', false, ordered_json::error_handler_t::replace)));
  seen_.insert(key);
  for (const auto& [name, value] : fields.items()) {
    if (!value.is_number()) continue;
    RESTEM_ASSIGN_OR_RETURN(TensorBoardWriter * writer,
                            board(per_step ? fmt::format("iteration-{:02}", iteration) : "run"));
    RESTEM_RETURN_IF_ERROR(writer->scalar(
        fmt::format("{}/{}", full_name, name), per_step ? step : iteration, value.get<double>()));
  }
  return absl::OkStatus();
}

absl::StatusOr<TensorBoardWriter*> MetricsLog::board(const std::string& name) {
  auto& writer = boards_[name];
  if (writer == nullptr) {
    RESTEM_ASSIGN_OR_RETURN(
        writer, TensorBoardWriter::open(fmt::format("{}/tensorboard/{}", run_dir_, name)));
  }
  return writer.get();
}

absl::Status MetricsLog::close() {
  std::lock_guard lock(mutex_);
  boards_.clear();
  return journal_->close();
}

}  // namespace restem
