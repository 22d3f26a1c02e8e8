// What methods of text and filters share.
#pragma once

#include <string>
#include <string_view>

#include "text/jinja/number_text.h"
#include "text/jinja/runtime.h"

namespace restem::jinja {

// str.replace; a negative count replaces all.
std::string Replaced(Runtime& runtime,
                     const std::string& text,
                     const std::string& from,
                     const std::string& to,
                     int64_t count);
// str.islower or str.isupper.
bool HasOnlyCase(std::string_view text, bool upper);
// str.center.
std::string Centered(Runtime& runtime, const std::string& text, NumberFormat format);
// str.format.
std::string FormatBraces(Runtime& runtime, std::string_view text, const Arguments& arguments);

Method FindTextSearchMethod(std::string_view name);

}  // namespace restem::jinja
