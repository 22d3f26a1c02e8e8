// The `loop` of a for.
#pragma once

#include <string_view>

#include "text/jinja/runtime.h"

namespace restem::jinja {

// Takes the next item; false at the end.
bool Advance(Loop& loop);
int64_t LoopLength(Runtime& runtime, Loop& loop);
// nullopt where a loop has no such attribute.
std::optional<Value> LoopAttribute(Runtime& runtime, const Value& loop, std::string_view name);

}  // namespace restem::jinja
