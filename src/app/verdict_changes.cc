#include "app/verdict_changes.h"

#include <fmt/format.h>

namespace restem {

using nlohmann::json;
using nlohmann::ordered_json;

namespace {

std::string KeyOf(const json& fields) {
  const auto sample = fields.find("sample");
  return fields.at("id").dump() + " " + (sample == fields.end() ? "" : sample->dump());
}

std::string TextOf(const json& fields, const char* key) {
  const auto found = fields.find(key);
  return found != fields.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

absl::StatusOr<std::unique_ptr<VerdictChanges>> VerdictChanges::open(const std::string& old_path) {
  RESTEM_ASSIGN_OR_RETURN(JsonlReader lines, JsonlReader::open(old_path));
  return std::unique_ptr<VerdictChanges>(new VerdictChanges(old_path, std::move(lines)));
}

absl::Status VerdictChanges::add(std::string_view new_line) {
  RESTEM_RETURN_IF_ERROR(read_old().status());  // in step: equal orders leave nothing waiting
  return match(json::parse(new_line), /*is_new=*/true, "");
}

absl::StatusOr<bool> VerdictChanges::read_old() {
  RESTEM_ASSIGN_OR_RETURN(const auto fields, lines_.next());
  if (!fields) return false;
  RESTEM_RETURN_IF_ERROR(match(*fields, /*is_new=*/false, lines_.where()));
  return true;
}

absl::Status VerdictChanges::match(const json& fields, bool is_new, const std::string& where) {
  if (!fields.contains("id") || TextOf(fields, "verdict").empty()) {
    return InvalidInput(fmt::format(
        "--against {}: no verdict with `id` and `verdict`, as restem verify writes it", where));
  }
  const Side side = {TextOf(fields, "verdict"), TextOf(fields, "extracted")};
  const auto entry = waiting_.try_emplace(KeyOf(fields)).first;
  auto& others = is_new ? entry->second.old_ones : entry->second.new_ones;
  if (others.empty()) {
    (is_new ? entry->second.new_ones : entry->second.old_ones).push_back(side);
    return absl::OkStatus();
  }
  const Side other = std::move(others.front());
  others.pop_front();
  if (others.empty()) waiting_.erase(entry);
  compare(fields, is_new ? other : side, is_new ? side : other);
  return absl::OkStatus();
}

void VerdictChanges::compare(const json& fields, const Side& before, const Side& now) {
  if (before.verdict == now.verdict) {
    ++same_;
    return;
  }
  ++changed_;
  ++changes_[before.verdict + "->" + now.verdict];
  ordered_json line = {{"id", fields.at("id")}};
  if (fields.contains("sample")) line["sample"] = fields.at("sample");
  line["old"] = before.verdict;
  line["new"] = now.verdict;
  line["old_extracted"] = before.extracted;
  line["new_extracted"] = now.extracted;
  fmt::print("{}\n", line.dump());
}

absl::StatusOr<ordered_json> VerdictChanges::finish() {
  while (true) {
    RESTEM_ASSIGN_OR_RETURN(const bool more, read_old());
    if (!more) break;
  }
  size_t only_old = 0, only_new = 0;
  for (const auto& [key, waiting] : waiting_) {
    only_old += waiting.old_ones.size();
    only_new += waiting.new_ones.size();
  }
  return ordered_json{{"same", same_},
                      {"changed", changed_},
                      {"changes", changes_},
                      {"only_old", only_old},
                      {"only_new", only_new}};
}

}  // namespace restem
