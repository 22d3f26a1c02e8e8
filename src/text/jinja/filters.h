// What follows a |.
#pragma once

#include <string>
#include <string_view>

#include "text/jinja/runtime.h"

namespace restem::jinja {

// nullptr where there is none, or none that this evaluator has. `self` of the method is the value
// that is filtered.
Method FindFilter(std::string_view name);
// The message of the error that the name of such a filter is.
std::string NoFilter(std::string_view name);

// The parts of the table: filters on text (filters_text.cc), on what can be iterated over
// (filters_items.cc), those that take attributes, filters or tests by name (filters_by_name.cc).
Method FindTextFilter(std::string_view name);
Method FindItemsFilter(std::string_view name);
Method FindByNameFilter(std::string_view name);

// The value at a path such as "function.name" or 0 under `item`; an empty path is the item itself.
// `fallback` (if not null) stands for what is undefined on the way.
Value AtPath(Runtime& runtime, Value item, const std::vector<Value>& path, const Value* fallback);
// A path of `make_attrgetter`: None, a number, or names and numbers with points between.
std::vector<Value> Path(Runtime& runtime, const Value* attribute);
// In lower case, if it is text.
Value IgnoreCase(Runtime& runtime, const Value& value);

}  // namespace restem::jinja
