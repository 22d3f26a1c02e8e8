// Are two expressions the same number, or the same function?
#pragma once

#include "reward/math/budget.h"
#include "reward/math/node.h"

namespace restem::math {

enum class Sameness { kSame, kDifferent, kUndecided };

// Both scalar. Equal where they are equal exactly: fractions as such, constants by proof (Calcium),
// rational functions by their values modulo a large prime at random points, other functions by
// their values at random real points to some hundred bits. Rounding makes nothing equal. Roots,
// powers and logarithms are those of the reals, and two functions must be defined at the same
// points; where none is defined, or i occurs, they are the complex ones.
Sameness CompareValues(const Node& a, const Node& b, Budget& budget);

// The constants differ by at most tolerance * max(1, |b|).
bool WithinTolerance(const Node& a, const Node& b, double tolerance, Budget& budget);

// The function's sign at some point; 0 where it is not found.
int SignSomewhere(const Node& node, Budget& budget);

}  // namespace restem::math
