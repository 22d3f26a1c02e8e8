// Do two answers say the same?
#pragma once

#include "reward/math/budget.h"
#include "reward/math/compare_values.h"
#include "reward/math/node.h"

namespace restem::math {

// Values as CompareValues; sets and solutions in any order; tuples, intervals, vectors and matrices
// entry by entry; equations and inequalities up to a factor and the side that things stand on;
// x = 5 is 5, x > 3 is (3, ∞), 50% is 50 and 0.5, 90° is 90 and π/2. Units count where both are
// known ones.
Sameness Compare(const Node& gold, const Node& answer, double tolerance, Budget& budget);

}  // namespace restem::math
