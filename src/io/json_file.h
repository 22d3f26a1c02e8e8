// JSON with messages that name the file, the line and the key.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace restem {

// InvalidInput where brackets nest deeper than 500: copying and printing such a value recurses.
absl::Status CheckJsonDepth(std::string_view text, std::string_view where);

// Parses one JSON value. Errors: "<where>:<line>: not valid JSON: …"; with `line` > 0 that is the
// number of the text's first line. Too deep nesting is refused.
absl::StatusOr<nlohmann::json> ParseJson(std::string_view text,
                                         std::string_view where,
                                         int64_t line = 1);

// "an object", "a list", "text", "an integer", "a number", "true or false", "null": for messages.
std::string_view JsonKind(const nlohmann::json& value);

// A JSON object and the file that it came from.
struct JsonFile {
  std::string path;
  nlohmann::json value;
};
absl::StatusOr<JsonFile> ReadJsonFile(const std::string& path);

// Pretty-printed with two spaces and a newline at the end; complete or absent.
absl::Status WriteJsonFile(const std::string& path, const nlohmann::json& value);

// The value at `key`, where "rope_scaling.factor" reads the nested object; nullptr where absent or
// null.
const nlohmann::json* FindJson(const JsonFile& file, std::string_view key);

// Typed access. A missing key and a wrong type are InvalidInput naming file and key. A number such
// as 3.0 is an integer; the `Or` forms give `fallback` where the key is absent or null, and still
// refuse a wrong type.
absl::StatusOr<int64_t> GetInt(const JsonFile& file, std::string_view key);
absl::StatusOr<double> GetReal(const JsonFile& file, std::string_view key);
absl::StatusOr<bool> GetBool(const JsonFile& file, std::string_view key);
absl::StatusOr<std::string> GetText(const JsonFile& file, std::string_view key);
// A list, or one value that stands for a list of one.
absl::StatusOr<std::vector<int64_t>> GetInts(const JsonFile& file, std::string_view key);
absl::StatusOr<std::vector<std::string>> GetTexts(const JsonFile& file, std::string_view key);

absl::StatusOr<int64_t> GetIntOr(const JsonFile& file, std::string_view key, int64_t fallback);
absl::StatusOr<double> GetRealOr(const JsonFile& file, std::string_view key, double fallback);
absl::StatusOr<bool> GetBoolOr(const JsonFile& file, std::string_view key, bool fallback);
absl::StatusOr<std::string> GetTextOr(const JsonFile& file,
                                      std::string_view key,
                                      std::string fallback);

}  // namespace restem
