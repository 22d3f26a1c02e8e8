// The texts of this folder's Python files, which CMake puts into the binary.
#pragma once

#include <string_view>

namespace restem {

extern const std::string_view kPlainDataSource;
extern const std::string_view kServeFunctionsSource;
extern const std::string_view kRunTestsSource;
extern const std::string_view kRunScriptSource;
extern const std::string_view kExecuteSource;

}  // namespace restem
