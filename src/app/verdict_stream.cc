#include "app/verdict_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/file.h"
#include "base/shutdown.h"

namespace restem {
namespace {

// A slow completion holds back the verdicts after it: so many may wait for it.
constexpr size_t kMostItems = 4096;
constexpr size_t kMostBytes = 32 << 20;
constexpr std::chrono::milliseconds kLookForStop{50};

std::string FormatLine(const nlohmann::json& id,
                       const nlohmann::json& sample,
                       const Verdict& verdict,
                       double seconds) {
  nlohmann::ordered_json line = {{"id", id}};
  if (!sample.is_null()) line["sample"] = sample;
  line["verdict"] = ToString(verdict.verdict);
  line["extracted"] = verdict.extracted;
  line["reason"] = verdict.reason;
  line["seconds"] = seconds;
  return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

absl::StatusOr<CompletionReader> CompletionReader::open(const std::string& path) {
  RESTEM_ASSIGN_OR_RETURN(JsonlReader lines, JsonlReader::open(path));
  return CompletionReader(std::move(lines));
}

absl::StatusOr<std::optional<CompletionReader::Completion>> CompletionReader::next() {
  RESTEM_ASSIGN_OR_RETURN(auto object, lines_.next());
  if (!object) return std::optional<Completion>();
  RESTEM_ASSIGN_OR_RETURN(InputRecord record, AsRecord(*std::move(object), lines_.where()));
  const auto text = record.fields.find("text");
  if (text == record.fields.end() || !text->is_string())
    return InvalidInput(fmt::format("{}: `text` is missing or not text", record.where));
  Completion completion = {{}, text->get<std::string>(), HashBytes(lines_.line())};
  completion.record = std::move(record);
  return std::optional<Completion>(std::move(completion));
}

VerdictStream::VerdictStream(const Verifier& verifier, size_t jobs, Sink sink)
    : sink_(std::move(sink)),
      pool_(verifier, {.jobs = jobs}, [this](Verdict&& verdict, double seconds) {
        return take(std::move(verdict), seconds);
      }) {}

absl::Status VerdictStream::judge(CompletionReader& completions) {
  absl::Status status;
  while (status.ok()) {
    auto completion = completions.next();
    status = completion.status();
    if (!status.ok() || !*completion) break;
    status = submit(*std::move(*completion));
  }
  const absl::Status closed = pool_.close();  // its error is the cause of submit's
  return closed.ok() ? status : closed;
}

absl::Status VerdictStream::submit(CompletionReader::Completion&& completion) {
  const Problem* problem = nullptr;
  {
    std::unique_lock lock(mutex_);
    while (!has_room() && !failed_ && !StopRequested()) changed_.wait_for(lock, kLookForStop);
    Item& item = items_[submitted_];
    InputRecord& record = completion.record;
    item.id = record.fields.at("id");
    if (record.fields.contains("sample")) item.sample = record.fields.at("sample");
    item.problem = {std::move(record.id), std::move(record.fields), std::move(record.where)};
    item.bytes = completion.text.size();
    item.result.input_hash = std::move(completion.hash);
    bytes_ += item.bytes;
    problem = &item.problem;
  }
  // The position stands in for the sample index: ids may repeat.
  return pool_.submit(*problem, submitted_++, std::move(completion.text));
}

bool VerdictStream::has_room() const {
  return items_.empty() || (items_.size() < kMostItems && bytes_ < kMostBytes);
}

absl::Status VerdictStream::take(Verdict&& verdict, double seconds) {
  std::lock_guard lock(mutex_);
  Item& item = items_.at(verdict.sample);
  item.result.line = FormatLine(item.id, item.sample, verdict, seconds);
  item.result.verdict = std::move(verdict);
  item.judged = true;
  failed_ = true;  // unless it comes through, an exception of the sink included
  changed_.notify_all();
  absl::Status status = hand_on();
  failed_ = !status.ok();
  return status;
}

absl::Status VerdictStream::hand_on() {
  while (!items_.empty() && items_.begin()->second.judged) {
    RESTEM_RETURN_IF_ERROR(sink_(items_.begin()->second.result));
    bytes_ -= items_.begin()->second.bytes;
    items_.erase(items_.begin());
  }
  return absl::OkStatus();
}

}  // namespace restem
