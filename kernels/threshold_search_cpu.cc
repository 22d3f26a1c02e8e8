#include <algorithm>
#include <bit>

#include "kernels/threshold_search.h"

namespace restem::kernels {
namespace {

constexpr int kBinBits = 11;
constexpr size_t kFew = 64;  // candidates that are sorted

// Bins of equal width over the orders of some candidates.
struct Binning {
  uint64_t first;
  int shift;

  size_t bin(const Candidate& c) const { return (c.order - first) >> shift; }
};

Binning BinningOf(std::span<const Candidate> candidates) {
  uint64_t first = candidates[0].order;
  uint64_t last = first;
  for (const Candidate& c : candidates) {
    first = std::min(first, c.order);
    last = std::max(last, c.order);
  }
  return {first, std::max(0, static_cast<int>(std::bit_width(last - first)) - kBinBits)};
}

// The first index at which the running sum of `weight(index)` reaches the target, the last that has
// a weight if none does; adds to `before` what lies before it.
template <typename Weight>
size_t Cross(size_t size, double target, const Weight& weight, double& before) {
  double sum = before;
  size_t found = 0;
  for (size_t i = 0; i < size; ++i) {
    const double w = weight(i);
    if (w <= 0.0) continue;
    found = i;
    before = sum;
    sum += w;
    if (sum >= target) break;
  }
  return found;
}

}  // namespace

Crossing FindCrossing(std::span<const Candidate> candidates, double target, SearchRoom& room) {
  double before = 0.0;
  bool copied = false;
  while (candidates.size() > kFew) {
    const Binning binning = BinningOf(candidates);
    room.bins.assign(size_t{1} << kBinBits, 0.0);
    for (const Candidate& c : candidates) room.bins[binning.bin(c)] += double{c.weight};
    const size_t crossed = Cross(
        room.bins.size(), target, [&](size_t b) { return room.bins[b]; }, before);
    const auto elsewhere = [&](const Candidate& c) { return binning.bin(c) != crossed; };
    if (copied) {
      std::erase_if(room.candidates, elsewhere);
    } else {
      room.candidates.clear();
      std::remove_copy_if(
          candidates.begin(), candidates.end(), std::back_inserter(room.candidates), elsewhere);
      copied = true;
    }
    candidates = room.candidates;
  }
  if (!copied) room.candidates.assign(candidates.begin(), candidates.end());
  std::sort(room.candidates.begin(), room.candidates.end(), [](const auto& a, const auto& b) {
    return a.order < b.order;
  });
  const size_t found = Cross(
      room.candidates.size(),
      target,
      [&](size_t i) { return double{room.candidates[i].weight}; },
      before);
  return {room.candidates[found], before + double{room.candidates[found].weight}};
}

}  // namespace restem::kernels
