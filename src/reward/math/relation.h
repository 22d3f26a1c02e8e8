// Equations and inequalities as answers.
#pragma once

#include <optional>

#include "reward/math/budget.h"
#include "reward/math/compare_values.h"
#include "reward/math/node.h"

namespace restem::math {

// What an equation says its left side is: 5 of x = 5, f(x) = 5, 2 + 3 = 5. Null where it defines
// nothing (x + 1 = 6).
const Node* DefinedValue(const Node& relation);

// x > 3 as (3, ∞), 2 <= x < 5 as [2, 5); for one variable alone on one side.
std::optional<Node> AsInterval(const Node& relation);

// "x < 2 or x > 5" as a union of intervals; "x = 2, y = 3" as the point (2, 3).
std::optional<Node> AsUnion(const Node& list);
std::optional<Node> AsPoint(const Node& list);

// ℝ \ {2, 5} as the intervals between; nullopt for other sets.
std::optional<Node> WithoutPoints(const Node& difference);

// The same relation, whatever the side that things stand on and the factor both sides share.
Sameness CompareRelations(const Node& a, const Node& b, Budget& budget);

}  // namespace restem::math
