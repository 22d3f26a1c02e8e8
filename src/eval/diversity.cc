#include "eval/diversity.h"

#include <cmath>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace restem {
namespace {

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace

std::string NormalizedSolution(std::string_view text) {
  std::string normalized;
  bool pending_space = false;
  for (const char c : text) {
    if (IsSpace(c)) {
      pending_space = !normalized.empty();
      continue;
    }
    if (pending_space) normalized += ' ';
    pending_space = false;
    normalized += c;
  }
  return normalized;
}

int64_t CountDistinct(std::span<const std::string> items) {
  return static_cast<int64_t>(
      std::unordered_set<std::string_view>(items.begin(), items.end()).size());
}

double EntropyBits(std::span<const std::string> items) {
  std::unordered_map<std::string_view, int64_t> slot;
  std::vector<int64_t>
      counts;  // in order of first sight, so that the sum does not depend on the hash
  for (const std::string& item : items) {
    const auto [it, first_seen] = slot.try_emplace(item, static_cast<int64_t>(counts.size()));
    if (first_seen) counts.push_back(0);
    ++counts[static_cast<size_t>(it->second)];
  }
  double entropy = 0.0;
  for (const int64_t count : counts) {
    const double share = static_cast<double>(count) / static_cast<double>(items.size());
    entropy -= share * std::log2(share);
  }
  return entropy + 0.0;  // -0 becomes 0
}

}  // namespace restem
