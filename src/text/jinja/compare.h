// Python's ==, <, in and hash.
#pragma once

#include "text/jinja/node.h"
#include "text/jinja/runtime.h"

namespace restem::jinja {

bool Truth(const Value& value);
bool Equal(Runtime& runtime, const Value& a, const Value& b);
// Error where Python has no order.
bool Less(Runtime& runtime, const Value& a, const Value& b);
// Any operator of a comparison, `in` and `not in` included.
bool Compare(Runtime& runtime, Operator op, const Value& a, const Value& b);
bool Contains(Runtime& runtime, const Value& container, const Value& item);
// Error for lists and dicts.
size_t Hash(Runtime& runtime, const Value& value);

}  // namespace restem::jinja
