#include "text/jinja/symbols.h"

#include "text/jinja/walk.h"

namespace restem::jinja {

const Symbols* Symbols::owner_of(const std::string& name) const {
  const Symbols* scope = this;
  while (scope != nullptr && !scope->own_.contains(name)) scope = scope->outer_;
  return scope;
}

int Symbols::define(const std::string& name, Action action) {
  const auto [slot, fresh] = unit_->slots.emplace(std::pair(level_, name), unit_->unit->slots);
  if (fresh) ++unit_->unit->slots;
  own_[name] = {slot->second, action};
  return slot->second;
}

void Symbols::load(const std::string& name) {
  if (owner_of(name) == nullptr) define(name, Action::kContext);
}

void Symbols::store(const std::string& name) {
  stores_.insert(name);
  if (own_.contains(name)) return;
  define(name, owner_of(name) != nullptr ? Action::kOuter : Action::kNothing);
}

int Symbols::declare_parameter(const std::string& name) {
  stores_.insert(name);
  return define(name, Action::kParameter);
}

void Symbols::visit_value(const ExpressionPtr& node) {
  if (node == nullptr) return;
  WalkNames(*node, false, [&](const Expression& name, bool) { load(name.name); });
}

void Symbols::visit_parameter(const ExpressionPtr& node) {
  WalkNames(*node, true, [&](const Expression& name, bool) { declare_parameter(name.name); });
}

void Symbols::visit_target(const ExpressionPtr& node) {
  if (node->kind == Expression::Kind::kName) store(node->name);
  if (node->kind == Expression::Kind::kNamespaceRef) load(node->name);
  for (const ExpressionPtr& part : node->operands) visit_target(part);
}

void Symbols::visit(const Body& body) {
  for (const auto& statement : body) visit(*statement);
}

void Symbols::visit(const Statement& statement) {
  using Tag = Statement::Kind;
  switch (statement.kind) {
    case Tag::kOutput:
    case Tag::kWith:
      for (const ExpressionPtr& value : statement.values) visit_value(value);
      break;
    case Tag::kFor:
    case Tag::kCallBlock:
    case Tag::kFilterBlock:
      visit_value(statement.value);
      break;
    case Tag::kIf:
      visit_branches(statement, 0);
      break;
    case Tag::kSet:
      visit_value(statement.value);
      visit_target(statement.target);
      break;
    case Tag::kSetBlock:
      visit_target(statement.target);
      break;
    case Tag::kMacro:
      store(statement.name);
      break;
    case Tag::kGeneration:
    case Tag::kBreak:
    case Tag::kContinue:
      break;
  }
}

// jinja2 sees `elif` as an if of its own, inside one branch that holds all of them.
void Symbols::visit_branches(const Statement& statement, size_t first) {
  visit_value(statement.branches[first].condition);
  std::vector<Symbols> branches(3, *this);
  branches[0].visit(statement.branches[first].body);
  if (first == 0) {
    for (size_t i = 1; i < statement.branches.size(); ++i) branches[1].visit_branches(statement, i);
    branches[2].visit(statement.other);
  }
  merge(branches);
}

// A name that only some branches assign keeps, in the others, what it has outside.
void Symbols::merge(const std::vector<Symbols>& branches) {
  std::set<std::string> assigned;
  for (const Symbols& branch : branches) {
    for (const std::string& name : branch.stores_)
      if (!stores_.contains(name)) assigned.insert(name);
  }
  for (const Symbols& branch : branches) {
    for (const auto& [name, variable] : branch.own_) own_[name] = variable;
    stores_.insert(branch.stores_.begin(), branch.stores_.end());
  }
  for (const std::string& name : assigned) {
    const bool outside = outer_ != nullptr && outer_->owner_of(name) != nullptr;
    own_[name].action = outside ? Action::kOuter : Action::kContext;
  }
}

Slot Symbols::slot_of(const std::string& name, const UnitScope* from) const {
  const Symbols* owner = owner_of(name);
  Slot slot{0, owner->own_.at(name).index};
  for (const UnitScope* unit = from; unit != owner->unit_; unit = unit->outer) ++slot.hops;
  return slot;
}

ScopeEntry Symbols::entry() const {
  ScopeEntry entry;
  for (const auto& [name, variable] : own_) {
    entry.own.push_back(variable.index);
    using From = ScopeEntry::Load::From;
    switch (variable.action) {
      case Action::kParameter:
        break;
      case Action::kContext:
        entry.loads.push_back({variable.index, From::kContext, name, {}});
        break;
      case Action::kNothing:
        entry.loads.push_back({variable.index, From::kNothing, name, {}});
        break;
      case Action::kOuter:
        entry.loads.push_back({variable.index, From::kOuter, name, outer_->slot_of(name, unit_)});
        break;
    }
  }
  return entry;
}

}  // namespace restem::jinja
