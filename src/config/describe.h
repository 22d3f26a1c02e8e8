// What fields there are: names, types, ranges, defaults and help, for references and for `--help`.
#pragma once

#include <string>
#include <vector>

#include "config/fields.h"
#include "config/read.h"

namespace restem::config {

struct FieldInfo {
  enum class Kind { kBoolean, kValue, kList, kMap, kSection, kSectionList, kAlternative };
  Kind kind = Kind::kValue;
  int depth = 0;      // 0: at the top; the fields of a section are one deeper than it
  std::string name;   // of an alternative: its heading
  std::string type;   // "integer", "path", "float32 | bfloat16", …
  std::string range;  // ">= 0"; may be empty
  std::string value;  // the default, as YAML
  std::string help;
  bool optional = false;  // a section that may be absent
};

// In the order of the visits. The members' values are the defaults; lists of sections have one item
// described.
std::vector<FieldInfo> DescribeFields(const VisitFn& visit);

// A YAML text with each key's default under a comment that gives help and range.
std::string PrintReference(const VisitFn& visit);

// Breaks text into lines of at most `width` columns at blanks; a longer word has a line of its own.
std::vector<std::string> WrapText(std::string_view text, size_t width);

}  // namespace restem::config
