// Arrow's values as JSON.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>

#include "base/status.h"

namespace arrow {
class Array;
class DataType;
}  // namespace arrow

namespace restem {

// By the table at OpenParquet. The error begins with a verb: "holds infinity, …".
absl::StatusOr<nlohmann::json> JsonOf(const arrow::Array& array, int64_t i);

// InvalidInput, beginning with a verb, for a type none of whose values has JSON: nested too deep,
// say, or with members of the same name.
absl::Status CheckHasJson(const arrow::DataType& type);

}  // namespace restem
