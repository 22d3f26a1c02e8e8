// Scalars as they are written: strict readings, and printings that read back as the same value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "config/fields.h"

namespace restem::config {

// Decimal digits with an optional sign, no leading zeros; nullopt for anything else and for what 64
// bits do not hold.
std::optional<int64_t> ToInteger(std::string_view text);
// A finite decimal number, with or without fraction and exponent.
std::optional<double> ToReal(std::string_view text);
// Bytes: 4GB, 512MiB, 1.5GiB, or a plain number. Positive.
std::optional<int64_t> ToBytes(std::string_view text);
// `true` or `false`, no other spelling.
std::optional<bool> ToBoolean(std::string_view text);
// Whether an unquoted scalar is a number, a boolean or null rather than text.
bool IsTyped(std::string_view plain);

// As a YAML scalar: unquoted where that is safe.
std::string FormatText(std::string_view text);
std::string FormatReal(double value);
// ">= 0", "> 0 and <= 1"; empty for a range without bounds.
std::string FormatRange(const IntRange& range);
std::string FormatRange(const RealRange& range);
bool Contains(const IntRange& range, int64_t value);
bool Contains(const RealRange& range, double value);

// Replaces ${VAR} from the environment ($${ stands for ${ itself) and makes the path absolute: a
// relative one is relative to `folder`. An empty path stays empty; with an empty `folder` a path
// stays as written.
absl::StatusOr<std::string> ResolvePath(std::string_view text, std::string_view folder);
// What ResolvePath turns back into `path`.
std::string EscapePath(std::string_view path);

}  // namespace restem::config
