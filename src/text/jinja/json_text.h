// json.dumps.
#pragma once

#include <optional>
#include <string>

#include "text/jinja/runtime.h"

namespace restem::jinja {

struct JsonOptions {
  bool ensure_ascii = false;
  std::optional<std::string> indent;  // of one level
  std::string item_separator = ", ";
  std::string key_separator = ": ";
  bool sort_keys = false;
};

std::string JsonText(Runtime& runtime, const Value& value, const JsonOptions& options);

}  // namespace restem::jinja
