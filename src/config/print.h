// Options to YAML, and what differs between two such texts.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "config/fields.h"
#include "config/read.h"

namespace restem::config {

// Every key with its value, a line each. The same values give the same text, and reading it gives
// the same values.
std::string PrintYaml(const VisitFn& visit);

// `train.learning_rate: 0.001 -> 0.002` for each key whose value differs, in the order of
// `old_text`, then of `new_text`; `(absent)` stands for a key that one of them lacks.
absl::StatusOr<std::vector<std::string>> DiffYaml(std::string_view old_text,
                                                  std::string_view new_text);

}  // namespace restem::config
