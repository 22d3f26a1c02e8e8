// A value inside a JSON file that knows where it stands, so that each complaint names the file and
// the field.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace restem::text {

class JsonView {
 public:
  // `value` must outlive the view. `path` is empty for the file's top.
  JsonView(const nlohmann::json& value, std::string file, std::string path)
      : value_(&value), file_(std::move(file)), path_(std::move(path)) {}

  const nlohmann::json& value() const { return *value_; }
  const std::string& file() const { return file_; }

  // InvalidInput "<file>: <path>: <what>".
  absl::Status error(std::string_view what) const;

  // Is there a member of this name that is not null?
  bool has(std::string_view name) const;
  absl::StatusOr<JsonView> member(std::string_view name) const;
  absl::StatusOr<std::vector<JsonView>> elements() const;

  absl::StatusOr<std::string> string() const;
  absl::StatusOr<int64_t> integer() const;
  absl::StatusOr<bool> boolean() const;

  absl::StatusOr<std::string> string_at(std::string_view name) const;
  absl::StatusOr<int64_t> integer_at(std::string_view name) const;
  absl::StatusOr<bool> boolean_at(std::string_view name) const;
  // The same with a value for a member that is absent or null.
  absl::StatusOr<std::string> string_or(std::string_view name, std::string_view fallback) const;
  absl::StatusOr<bool> boolean_or(std::string_view name, bool fallback) const;

 private:
  const nlohmann::json* value_;
  std::string file_;
  std::string path_;
};

}  // namespace restem::text
