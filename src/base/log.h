// The log goes to stderr; stdout carries results only.
#pragma once

#include <spdlog/spdlog.h>

namespace restem {

// Sends spdlog's default logger to stderr, cooperating with the progress bar. `quiet` keeps
// warnings and errors only.
void InitLog(bool quiet);

}  // namespace restem
