// The functions that every template can call: range, dict, namespace, cycler, joiner, and those of
// transformers, raise_exception and strftime_now.
#pragma once

#include "text/jinja/runtime.h"

namespace restem::jinja {

void DefineFunctions(Runtime& runtime);

}  // namespace restem::jinja
