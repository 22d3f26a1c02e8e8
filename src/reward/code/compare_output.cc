#include "reward/code/compare_output.h"

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_split.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "base/status.h"

namespace restem {
namespace {

constexpr double kTolerance = 1e-6;
constexpr size_t kShown = 100;  // bytes of a line in a message
using Words = std::vector<absl::string_view>;

// The next line of `text`, which it is taken from; nothing at the end.
absl::string_view TakeLine(absl::string_view& text) {
  const size_t end = std::min(text.find('\n'), text.size());
  const absl::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

Words WordsOf(absl::string_view line) {
  return absl::StrSplit(line, absl::ByAnyChar(" \t\r\v\f"), absl::SkipEmpty());
}

bool SameWord(absl::string_view printed, absl::string_view expected) {
  if (printed == expected) return true;
  double a = 0, b = 0;
  if (expected.find_first_of(".eE") == absl::string_view::npos || !absl::SimpleAtod(expected, &b) ||
      !absl::SimpleAtod(printed, &a) || !std::isfinite(a) || !std::isfinite(b))
    return false;
  return std::abs(a - b) <= kTolerance * std::max(1.0, std::abs(b));
}

std::string Shown(absl::string_view line) {
  line = absl::StripAsciiWhitespace(line);
  if (line.empty()) return "nothing";
  return line.size() > kShown ? fmt::format("'{}…'", ToStd(line.substr(0, kShown)))
                              : fmt::format("'{}'", ToStd(line));
}

}  // namespace

// Line by line, and no further than the first difference: a program may print millions.
std::string OutputDifference(std::string_view printed, std::string_view expected) {
  absl::string_view rest = absl::StripTrailingAsciiWhitespace(ToAbsl(printed));
  absl::string_view wanted = absl::StripTrailingAsciiWhitespace(ToAbsl(expected));
  for (int64_t line = 1; !rest.empty() || !wanted.empty(); ++line) {
    const absl::string_view mine = TakeLine(rest), theirs = TakeLine(wanted);
    if (mine == theirs) continue;
    const Words a = WordsOf(mine), b = WordsOf(theirs);
    if (!std::equal(a.begin(), a.end(), b.begin(), b.end(), SameWord))
      return fmt::format("line {}: {} is not {}", line, Shown(mine), Shown(theirs));
  }
  return "";
}

}  // namespace restem
