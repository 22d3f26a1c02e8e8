#include "reward/code/compare_output.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_split.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/status.h"

namespace restem {
namespace {

constexpr double kTolerance = 1e-6;
using Words = std::vector<absl::string_view>;

std::vector<Words> LinesOf(std::string_view text) {
  std::vector<Words> lines;
  for (const absl::string_view line : absl::StrSplit(ToAbsl(text), '\n'))
    lines.push_back(absl::StrSplit(line, absl::ByAnyChar(" \t\r\v\f"), absl::SkipEmpty()));
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

bool SameWord(absl::string_view printed, absl::string_view expected) {
  if (printed == expected) return true;
  double a = 0, b = 0;
  if (expected.find_first_of(".eE") == absl::string_view::npos || !absl::SimpleAtod(expected, &b) ||
      !absl::SimpleAtod(printed, &a) || !std::isfinite(a) || !std::isfinite(b))
    return false;
  return std::abs(a - b) <= kTolerance * std::max(1.0, std::abs(b));
}

std::string Shown(const std::vector<Words>& lines, size_t i) {
  if (i >= lines.size()) return "nothing";
  std::string text;
  for (const absl::string_view word : lines[i]) {
    text.append(text.empty() ? "" : " ").append(word.data(), word.size());
    if (text.size() > 100) return fmt::format("'{}…'", text.substr(0, 100));
  }
  return fmt::format("'{}'", text);
}

}  // namespace

std::string OutputDifference(std::string_view printed, std::string_view expected) {
  const std::vector<Words> a = LinesOf(printed), b = LinesOf(expected);
  for (size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
    const bool same = i < a.size() && i < b.size() &&
                      std::equal(a[i].begin(), a[i].end(), b[i].begin(), b[i].end(), SameWord);
    if (!same) return fmt::format("line {}: {} is not {}", i + 1, Shown(a, i), Shown(b, i));
  }
  return "";
}

}  // namespace restem
