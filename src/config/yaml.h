// YAML text to a tree. Strict: no anchors, no second document, no duplicate keys, a bounded size
// and depth.
#pragma once

#include <memory>
#include <string_view>

#include "base/status.h"
#include "config/problems.h"
#include "config/tree.h"

namespace restem::config {

// A syntax error is returned as an error that names file and line. Duplicate keys go to `problems`,
// and the first holds. Empty text is a null node.
absl::StatusOr<Node> ParseYaml(std::string_view text,
                               const std::shared_ptr<const Origin>& origin,
                               Problems& problems);

}  // namespace restem::config
