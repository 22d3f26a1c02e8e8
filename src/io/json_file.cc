#include "io/json_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/file.h"

namespace restem {
namespace {

using nlohmann::json;

constexpr int kMaxDepth = 500;

// Deepest nesting of the text's brackets, strings skipped.
int Depth(std::string_view text) {
  int depth = 0;
  int deepest = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      deepest = std::max(deepest, ++depth);
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return deepest;
}

// "[json.exception.parse_error.101] parse error at line 1, column 9: syntax error …" -> "column 9:
// syntax error …"
std::string WithoutPrefix(std::string_view what) {
  const size_t column = what.find("column ");
  return std::string(column == std::string_view::npos ? what : what.substr(column));
}

absl::Status WrongType(const JsonFile& file,
                       std::string_view key,
                       std::string_view wanted,
                       const json& got) {
  return InvalidInput(
      fmt::format("{}: \"{}\" must be {}, but is {}", file.path, key, wanted, JsonKind(got)));
}

// One conversion per type: empty where the value is of another type.
std::optional<int64_t> AsInt(const json& v) {
  if (v.is_number_unsigned() && v.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX))
    return std::nullopt;
  if (v.is_number_integer()) return v.get<int64_t>();
  if (!v.is_number_float()) return std::nullopt;
  const double real = v.get<double>();
  if (std::trunc(real) != real || std::abs(real) > 0x1p53) return std::nullopt;
  return static_cast<int64_t>(real);
}
std::optional<double> AsReal(const json& v) {
  return v.is_number() ? std::optional(v.get<double>()) : std::nullopt;
}
std::optional<bool> AsBool(const json& v) {
  return v.is_boolean() ? std::optional(v.get<bool>()) : std::nullopt;
}
std::optional<std::string> AsText(const json& v) {
  return v.is_string() ? std::optional(v.get<std::string>()) : std::nullopt;
}

template <typename T>
absl::StatusOr<T> Get(const JsonFile& file,
                      std::string_view key,
                      std::optional<T> (*convert)(const json&),
                      std::string_view wanted,
                      const T* fallback = nullptr) {
  const json* value = FindJson(file, key);
  if (value == nullptr && fallback != nullptr) return *fallback;
  if (value == nullptr)
    return InvalidInput(
        fmt::format("{}: \"{}\" is missing: it must be {}", file.path, key, wanted));
  std::optional<T> converted = convert(*value);
  if (!converted) return WrongType(file, key, wanted, *value);
  return *std::move(converted);
}

template <typename T>
absl::StatusOr<std::vector<T>> GetList(const JsonFile& file,
                                       std::string_view key,
                                       std::optional<T> (*convert)(const json&),
                                       std::string_view wanted) {
  const json* value = FindJson(file, key);
  if (value == nullptr)
    return InvalidInput(
        fmt::format("{}: \"{}\" is missing: it must be {}", file.path, key, wanted));
  const json list = value->is_array() ? *value : json::array({*value});
  std::vector<T> result;
  for (const json& item : list) {
    std::optional<T> converted = convert(item);
    if (!converted) return WrongType(file, key, wanted, item);
    result.push_back(*std::move(converted));
  }
  return result;
}

}  // namespace

absl::Status CheckJsonDepth(std::string_view text, std::string_view where) {
  if (Depth(text) <= kMaxDepth) return absl::OkStatus();
  return InvalidInput(fmt::format("{}: JSON nested deeper than {}", where, kMaxDepth));
}

absl::StatusOr<json> ParseJson(std::string_view text, std::string_view where, int64_t line) {
  RESTEM_RETURN_IF_ERROR(CheckJsonDepth(text, fmt::format("{}:{}", where, line)));
  try {
    return json::parse(text.begin(), text.end());
  } catch (const json::parse_error& error) {
    const size_t read = std::min(text.size(), error.byte == 0 ? 0 : error.byte - 1);
    const int64_t at =
        line + std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(read), '\n');
    return InvalidInput(
        fmt::format("{}:{}: not valid JSON: {}", where, at, WithoutPrefix(error.what())));
  } catch (const json::exception& error) {  // a number out of range
    return InvalidInput(fmt::format("{}:{}: not valid JSON: {}", where, line, error.what()));
  }
}

std::string_view JsonKind(const json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  if (value.is_string()) return "text";
  if (value.is_number_integer()) return "an integer";
  if (value.is_number()) return "a number";
  if (value.is_boolean()) return "true or false";
  return "null";
}

absl::StatusOr<JsonFile> ReadJsonFile(const std::string& path) {
  RESTEM_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  RESTEM_ASSIGN_OR_RETURN(json value, ParseJson(text, path));
  if (!value.is_object()) {
    return InvalidInput(
        fmt::format("{}: must hold an object, but holds {}", path, JsonKind(value)));
  }
  return JsonFile{path, std::move(value)};
}

absl::Status WriteJsonFile(const std::string& path, const json& value) {
  return WriteFileAtomic(path, value.dump(2, ' ', false, json::error_handler_t::replace) + "\n");
}

const json* FindJson(const JsonFile& file, std::string_view key) {
  const json* value = &file.value;
  while (true) {
    const size_t dot = key.find('.');
    if (!value->is_object()) return nullptr;
    const auto found = value->find(std::string(key.substr(0, dot)));
    if (found == value->end() || found->is_null()) return nullptr;
    value = &*found;
    if (dot == std::string_view::npos) return value;
    key.remove_prefix(dot + 1);
  }
}

absl::StatusOr<int64_t> GetInt(const JsonFile& file, std::string_view key) {
  return Get<int64_t>(file, key, AsInt, "an integer");
}
absl::StatusOr<double> GetReal(const JsonFile& file, std::string_view key) {
  return Get<double>(file, key, AsReal, "a number");
}
absl::StatusOr<bool> GetBool(const JsonFile& file, std::string_view key) {
  return Get<bool>(file, key, AsBool, "true or false");
}
absl::StatusOr<std::string> GetText(const JsonFile& file, std::string_view key) {
  return Get<std::string>(file, key, AsText, "text");
}
absl::StatusOr<std::vector<int64_t>> GetInts(const JsonFile& file, std::string_view key) {
  return GetList<int64_t>(file, key, AsInt, "an integer or a list of integers");
}
absl::StatusOr<std::vector<std::string>> GetTexts(const JsonFile& file, std::string_view key) {
  return GetList<std::string>(file, key, AsText, "text or a list of texts");
}
absl::StatusOr<int64_t> GetIntOr(const JsonFile& file, std::string_view key, int64_t fallback) {
  return Get<int64_t>(file, key, AsInt, "an integer", &fallback);
}
absl::StatusOr<double> GetRealOr(const JsonFile& file, std::string_view key, double fallback) {
  return Get<double>(file, key, AsReal, "a number", &fallback);
}
absl::StatusOr<bool> GetBoolOr(const JsonFile& file, std::string_view key, bool fallback) {
  return Get<bool>(file, key, AsBool, "true or false", &fallback);
}
absl::StatusOr<std::string> GetTextOr(const JsonFile& file,
                                      std::string_view key,
                                      std::string fallback) {
  return Get<std::string>(file, key, AsText, "text", &fallback);
}

}  // namespace restem
