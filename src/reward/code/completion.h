// From what a model wrote to a program.
#pragma once

#include <string>
#include <string_view>

#include "reward/code/task.h"

namespace restem {

enum class CodeLanguage { kPython, kCpp };

// The code in a completion: of its fenced blocks those tagged with the language, else untagged
// ones; of these the last that defines `wanted` (empty: anything), else the last. A block that is
// not closed goes to the end. Without a fence, the completion as it is.
std::string CodeOf(std::string_view completion, CodeLanguage language, std::string_view wanted);

// The program: code goes on from the prompt's stub unless it defines `wanted` itself. Where there
// are functions to call, the stub runs before it in any case, for its imports and helpers.
std::string ProgramOf(const CodeTask& task, std::string_view code);

}  // namespace restem
