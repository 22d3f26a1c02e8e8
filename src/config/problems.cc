#include "config/problems.h"

#include <fmt/format.h>

#include <algorithm>

namespace restem::config {

std::string FlagName(std::string_view field) {
  std::string name = fmt::format("--{}", field);
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

void Problems::add(const Node& at, std::string_view where, std::string_view message) {
  const Origin& origin = *at.origin;
  std::string place;
  if (origin.kind == Origin::Kind::kFlag) {
    place = origin.label.empty() && !where.empty() ? FlagName(where) : origin.label;
  } else {
    place = origin.label;
    if (origin.kind == Origin::Kind::kFile && at.line > 0) place += fmt::format(":{}", at.line);
    if (!where.empty()) place += fmt::format(": {}", Printable(where));
  }
  if (!place.empty()) place += ": ";
  const bool in_file = origin.kind == Origin::Kind::kFile;
  const int line =
      origin.kind == Origin::Kind::kSet ? 0 : at.line;  // a line of the value, not ours
  problems_.push_back({in_file, line, fmt::format("{}{}", place, message)});
  wheres_.insert(std::string(where));
}

absl::Status Problems::status() const {
  if (problems_.empty()) return absl::OkStatus();
  std::vector<Problem> sorted = problems_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Problem& a, const Problem& b) {
    if (a.in_file != b.in_file) return a.in_file;
    return a.line < b.line;
  });
  constexpr size_t kMost = 50;
  std::string message;
  for (size_t i = 0; i < std::min(sorted.size(), kMost); ++i) {
    if (i > 0) message += '\n';
    message += sorted[i].message;
  }
  if (sorted.size() > kMost) message += fmt::format("\nand {} more", sorted.size() - kMost);
  return InvalidInput(message);
}

}  // namespace restem::config
