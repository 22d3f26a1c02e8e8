// Where variables are when functions are compared: random, and the same on both sides and in every
// run.
#pragma once

#include <cstdint>
#include <string_view>

namespace restem::math {

// 64 random bits for a variable at one of the points.
inline uint64_t PointOf(std::string_view variable, uint64_t point) {
  const auto mixed = [](uint64_t x) {  // SplitMix64
    x += 0x9e3779b97f4a7c15ull;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
    return x ^ (x >> 31);
  };
  uint64_t hash = mixed(point);
  for (const char c : variable) hash = mixed(hash ^ static_cast<unsigned char>(c));
  return hash;
}

}  // namespace restem::math
