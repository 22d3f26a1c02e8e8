#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "config/print.h"
#include "config/problems.h"
#include "config/scalars.h"
#include "config/tree.h"
#include "config/yaml.h"

namespace restem::config {
namespace {

using Leaves = std::vector<std::pair<std::string, std::string>>;  // dotted key, value as YAML

std::string FormatScalar(const Node& node) {
  if (node.kind == NodeKind::kNull) return "null";
  return node.kind == NodeKind::kQuoted ? FormatText(node.text) : node.text;
}

bool HoldsScalarsOnly(const Node& node) {
  return std::all_of(node.items.begin(), node.items.end(), [](const Node& item) {
    return item.is_scalar() || item.kind == NodeKind::kNull;
  });
}

// A list of scalars is one value: an inserted item would otherwise change all after it.
void Flatten(const Node& node, const std::string& where, Leaves& leaves) {
  const bool list = node.kind == NodeKind::kList;
  if (!list && node.kind != NodeKind::kMap) {
    leaves.emplace_back(where, FormatScalar(node));
  } else if (list && HoldsScalarsOnly(node)) {
    std::vector<std::string> parts;
    for (const Node& item : node.items) parts.push_back(FormatScalar(item));
    leaves.emplace_back(where, fmt::format("[{}]", fmt::join(parts, ", ")));
  } else if (node.items.empty()) {
    leaves.emplace_back(where, "{}");
  } else {
    for (size_t i = 0; i < node.items.size(); ++i) {
      const std::string name = list ? std::to_string(i) : node.keys[i];
      Flatten(node.items[i], where.empty() ? name : fmt::format("{}.{}", where, name), leaves);
    }
  }
}

absl::StatusOr<Leaves> ParseLeaves(std::string_view text, std::string_view label) {
  const auto origin =
      std::make_shared<const Origin>(Origin{Origin::Kind::kFile, std::string(label), ""});
  Problems problems;
  RESTEM_ASSIGN_OR_RETURN(const Node root, ParseYaml(text, origin, problems));
  RESTEM_RETURN_IF_ERROR(problems.status());
  Leaves leaves;
  Flatten(root, "", leaves);
  return leaves;
}

const std::string* Find(const Leaves& leaves, const std::string& key) {
  const auto it = std::find_if(
      leaves.begin(), leaves.end(), [&key](const auto& leaf) { return leaf.first == key; });
  return it == leaves.end() ? nullptr : &it->second;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> DiffYaml(std::string_view old_text,
                                                  std::string_view new_text) {
  RESTEM_ASSIGN_OR_RETURN(const Leaves old_leaves, ParseLeaves(old_text, "the old text"));
  RESTEM_ASSIGN_OR_RETURN(const Leaves new_leaves, ParseLeaves(new_text, "the new text"));
  std::vector<std::string> lines;
  for (const auto& [key, value] : old_leaves) {
    const std::string* now = Find(new_leaves, key);
    if (now != nullptr && *now == value) continue;
    lines.push_back(fmt::format("{}: {} -> {}", key, value, now == nullptr ? "(absent)" : *now));
  }
  for (const auto& [key, value] : new_leaves) {
    if (Find(old_leaves, key) == nullptr) {
      lines.push_back(fmt::format("{}: (absent) -> {}", key, value));
    }
  }
  return lines;
}

}  // namespace restem::config
