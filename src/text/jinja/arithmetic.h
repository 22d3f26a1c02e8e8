// Python's + - * / // % ** and signs.
#pragma once

#include "text/jinja/node.h"
#include "text/jinja/runtime.h"

namespace restem::jinja {

Value Arithmetic(Runtime& runtime, Operator op, const Value& a, const Value& b);
Value Signed(const Value& value, bool negative);

// `text % arguments`.
Value FormatPercent(Runtime& runtime, const Value& text, const Value& arguments);

}  // namespace restem::jinja
