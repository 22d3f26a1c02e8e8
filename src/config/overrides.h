// `--set a.b=v`: one value of a job, changed from the command line.
#pragma once

#include <string>

#include "config/problems.h"
#include "config/tree.h"

namespace restem::config {

// Sets the value in `root`, making the mappings on the way that are not there; a number names an
// item of a list (data.test.0.limit=5), and the number after the last adds one. The value is text,
// a number or a boolean as written, or YAML where it begins with [, { or a quote. Relative paths in
// it are relative to `folder`.
void ApplyOverride(const std::string& set,
                   const std::string& folder,
                   Node& root,
                   Problems& problems);

}  // namespace restem::config
