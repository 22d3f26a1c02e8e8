// A problem's fields as the rewards read them.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "data/types.h"

namespace restem {

// A JSON value as text: strings as they are, numbers in their shortest form (145.0 is "145"),
// anything else as JSON.
std::string TextOf(const nlohmann::json& value);

// The field as text; nullopt where it is absent or null.
std::optional<std::string> FieldText(const Problem& problem, std::string_view name);

}  // namespace restem
