// object.name, object[key] and object[from:to:step], in jinja2's sandbox.
#pragma once

#include <string_view>

#include "text/jinja/runtime.h"

namespace restem::jinja {

// The attribute if there is one, else the item, else undefined.
Value GetAttribute(Runtime& runtime, const Value& object, std::string_view name);
// The item if there is one, else the attribute, else undefined.
Value GetItem(Runtime& runtime, const Value& object, const Value& key);
// Each bound may be null.
Value GetSlice(Runtime& runtime,
               const Value& object,
               const Value* start,
               const Value* stop,
               const Value* step);

// Looks a name up among a type's methods; nullptr where there is none. Error where Python has the
// method and this evaluator does not.
Method FindTextMethod(std::string_view name);
Method FindContainerMethod(Kind kind, std::string_view name);

}  // namespace restem::jinja
