#include "io/json_record.h"

#include <fmt/format.h>

#include <utility>

#include "io/json_file.h"

namespace restem {
namespace {

using nlohmann::json;

// Fields of the outermost object that nobody wants are dropped as they come in; null where the text
// is no JSON.
json ParseWanted(std::string_view text, const WantedFields& wanted) {
  const auto keep = [&](int depth, json::parse_event_t event, json& name) {
    return depth != 1 || event != json::parse_event_t::key ||
           wanted->contains(name.get_ref<const std::string&>());
  };
  return json::parse(text, keep, /*allow_exceptions=*/false);
}

}  // namespace

absl::Status CheckEncoding(std::string_view start, const std::string& path) {
  if (!start.starts_with("\xff\xfe") && !start.starts_with("\xfe\xff")) return absl::OkStatus();
  return InvalidInput(fmt::format("{}: is UTF-16: save it as UTF-8", path));
}

absl::StatusOr<json> ParseJsonRecord(std::string_view text,
                                     const WantedFields& wanted,
                                     const std::string& where,
                                     const std::string& path,
                                     int64_t line) {
  json value;
  if (wanted) {
    RESTEM_RETURN_IF_ERROR(CheckJsonDepth(text, where));
    value = ParseWanted(text, wanted);
  }
  if (!value.is_object()) {  // also to say what is wrong with it
    RESTEM_ASSIGN_OR_RETURN(value, ParseJson(text, path, line));
  }
  if (value.is_object()) return value;
  return InvalidInput(fmt::format("{}: must be a JSON object, but is {}", where, JsonKind(value)));
}

std::vector<std::string> JsonRecordNames(std::string_view text) {
  std::vector<std::string> names;
  const json object = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return names;
  for (const auto& [name, value] : object.items()) names.push_back(name);
  return names;
}

}  // namespace restem
