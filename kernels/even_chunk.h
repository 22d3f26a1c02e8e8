// How much of a problem to hold at once.
#pragma once

#include <algorithm>
#include <cstdint>

namespace restem::kernels {

constexpr int64_t RoundedUp(int64_t x, int64_t unit) { return (x + unit - 1) / unit * unit; }

// The size of about equal chunks of `total`, at most `most` (at least 1) each; a multiple of `unit`
// where one of at most `most` serves.
constexpr int64_t EvenChunk(int64_t total, int64_t most, int64_t unit = 1) {
  const int64_t chunks = std::max<int64_t>(1, (total + most - 1) / most);
  const int64_t even = (total + chunks - 1) / chunks;
  const int64_t whole = RoundedUp(even, unit);
  return std::min(total, whole <= most ? whole : even);
}

}  // namespace restem::kernels
