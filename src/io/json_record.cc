#include "io/json_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "io/json_file.h"

namespace restem {
namespace {

using nlohmann::json;

constexpr std::string_view kSpace = " \t\r\n";

// A walk over JSON text that finds where values end by their quotes and brackets alone: ten times
// as fast as parsing them. npos: no end.
class ValueEnds {
 public:
  explicit ValueEnds(std::string_view text) : text_(text) {}

  // Where the first byte that is no white space stands, from `at`.
  size_t start(size_t at) const { return text_.find_first_not_of(kSpace, at); }

  // One past the text that begins with the quote at `at`.
  size_t string_end(size_t at) const {
    for (size_t quote = text_.find('"', at + 1); quote != npos;
         quote = text_.find('"', quote + 1)) {
      size_t escapes = 0;
      while (text_[quote - escapes - 1] == '\\') ++escapes;
      if (escapes % 2 == 0) return quote + 1;
    }
    return npos;
  }

  size_t value_end(size_t at) const {
    if (text_[at] == '"') return string_end(at);
    if (text_[at] != '{' && text_[at] != '[') return text_.find_first_of(",}", at);
    int64_t depth = 0;
    while (at != npos) {
      if (text_[at] == '"') {
        at = string_end(at);
      } else {
        depth += text_[at] == '{' || text_[at] == '[' ? 1 : -1;
        ++at;
        if (depth == 0) return at;
      }
      if (at == npos) break;
      const auto next =
          std::find_if(text_.begin() + static_cast<ptrdiff_t>(at), text_.end(), IsQuoteOrBracket);
      at = next == text_.end() ? npos : static_cast<size_t>(next - text_.begin());
    }
    return npos;
  }

  static constexpr size_t npos = std::string_view::npos;

 private:
  const std::string_view text_;
};

// The name between quotes, as it is meant.
std::string NameOf(std::string_view quoted) {
  if (quoted.find('\\') == std::string_view::npos)
    return std::string(quoted.substr(1, quoted.size() - 2));
  const json name = json::parse(quoted, nullptr, /*allow_exceptions=*/false);
  return name.is_string() ? name.get<std::string>() : "";
}

// Calls `visit` with each member of the object that `text` is: its name, and the text of name and
// value. What is in a value is not checked. False where `text` is no object.
template <typename Visit>
bool ForEachMember(std::string_view text, const Visit& visit) {
  constexpr size_t npos = ValueEnds::npos;
  const ValueEnds ends(text);
  size_t at = ends.start(0);
  if (at == npos || text[at] != '{') return false;
  at = ends.start(at + 1);
  bool more = at != npos && text[at] != '}';
  while (more) {
    if (at == npos || text[at] != '"') return false;
    const size_t name_end = ends.string_end(at);
    const size_t colon = name_end == npos ? npos : ends.start(name_end);
    if (colon == npos || text[colon] != ':') return false;
    const size_t value = ends.start(colon + 1);
    const size_t end = value == npos ? npos : ends.value_end(value);
    const size_t next = end == npos ? npos : ends.start(end);
    if (next == npos || end == value || (text[next] != ',' && text[next] != '}')) return false;
    visit(NameOf(text.substr(at, name_end - at)), text.substr(at, end - at));
    more = text[next] == ',';
    at = more ? ends.start(next + 1) : next;
  }
  return at != npos && ends.start(at + 1) == npos;
}

// The text of the same object with its wanted members alone; empty where `text` is no object.
std::string WantedMembers(std::string_view text, const WantedFields& wanted) {
  std::string kept = "{";
  const bool whole = ForEachMember(text, [&](std::string_view name, std::string_view member) {
    if (!wanted->contains(name)) return;
    if (kept.size() > 1) kept += ',';
    kept += member;
  });
  return whole ? kept + '}' : "";
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
    const std::string members = WantedMembers(text, wanted);
    RESTEM_RETURN_IF_ERROR(CheckJsonDepth(members, where));
    value = json::parse(members, nullptr, /*allow_exceptions=*/false);
  }
  if (!value.is_object()) {  // also to say what is wrong with it
    RESTEM_ASSIGN_OR_RETURN(value, ParseJson(text, path, line));
  }
  if (value.is_object()) return value;
  return InvalidInput(fmt::format("{}: must be a JSON object, but is {}", where, JsonKind(value)));
}

std::vector<std::string> JsonRecordNames(std::string_view text) {
  std::set<std::string> names;
  ForEachMember(text, [&](std::string name, std::string_view) { names.insert(std::move(name)); });
  return {names.begin(), names.end()};
}

}  // namespace restem
