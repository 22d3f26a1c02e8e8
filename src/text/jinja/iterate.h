// Python's iter, len and str.
#pragma once

#include <string>
#include <vector>

#include "text/jinja/runtime.h"

namespace restem::jinja {

// Error for what cannot be iterated over.
Next Iterate(Runtime& runtime, const Value& value);
bool IsIterable(const Value& value);
std::vector<Value> Collect(Runtime& runtime, const Value& value);
// Backwards; error for what Python's reversed() does not take.
Next IterateBackwards(Runtime& runtime, const Value& value);
bool IsReversible(const Value& value);

// len(). Error where there is none.
int64_t Length(Runtime& runtime, const Value& value);
bool HasLength(const Value& value);

// str() and repr().
std::string ToText(Runtime& runtime, const Value& value);
std::string ToRepr(Runtime& runtime, const Value& value);

}  // namespace restem::jinja
