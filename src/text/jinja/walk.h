// All names that a part of a template mentions, in jinja2's order of fields.
#pragma once

#include "text/jinja/node.h"

namespace restem::jinja {

// `see(node, stored)` is called with each kName; `stored` where it is assigned to.
template <typename See>
void WalkNames(const Expression& node, bool stored, const See& see) {
  const auto walk = [&](const ExpressionPtr& part) {
    if (part != nullptr) WalkNames(*part, stored, see);
  };
  if (node.kind == Expression::Kind::kName) see(node, stored);
  for (const auto& part : node.operands) walk(part);
  for (const auto& part : node.arguments.positional) walk(part);
  for (const auto& [name, part] : node.arguments.named) walk(part);
  walk(node.arguments.more);
  walk(node.arguments.more_named);
}

template <typename See>
void WalkNames(const Body& body, const See& see);

template <typename See>
void WalkNames(const Statement& statement, const See& see) {
  const auto walk = [&](const ExpressionPtr& part, bool stored) {
    if (part != nullptr) WalkNames(*part, stored, see);
  };
  walk(statement.target, true);
  const bool after = statement.kind == Statement::Kind::kFilterBlock;
  if (!after) walk(statement.value, false);
  for (const auto& part : statement.parameters) walk(part, true);
  for (const auto& part : statement.values) walk(part, false);
  for (const auto& part : statement.defaults) walk(part, false);
  for (const Branch& branch : statement.branches) {
    walk(branch.condition, false);
    WalkNames(branch.body, see);
  }
  WalkNames(statement.body, see);
  WalkNames(statement.other, see);
  if (after) walk(statement.value, false);
  walk(statement.test, false);
}

template <typename See>
void WalkNames(const Body& body, const See& see) {
  for (const auto& statement : body) WalkNames(*statement, see);
}

// Does `body` read `name` before assigning to it?
inline bool Reads(const Body& body, std::string_view name) {
  bool reads = false;
  bool assigned = false;
  WalkNames(body, [&](const Expression& node, bool stored) {
    if (node.name != name) return;
    if (stored) assigned = true;
    if (!stored && !assigned) reads = true;
  });
  return reads;
}

}  // namespace restem::jinja
