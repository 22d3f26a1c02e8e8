#include <algorithm>
#include <cstdint>
#include <cstring>

#include "kernels/packed_product.h"

namespace restem::kernels {
namespace {

// The inputs that all of a whole panel's outputs have: nothing to check, and 4 bytes at a time.
template <int64_t kTogether, typename T>
T* PackWhole(const T* rows, int64_t in, T* panels) {
  static_assert(kTogether * sizeof(T) == sizeof(uint32_t));
  for (int64_t i = 0; i + kTogether <= in; i += kTogether) {
    for (int64_t j = 0; j < kPanelWidth; ++j, panels += kTogether)
      std::memcpy(panels, rows + j * in + i, sizeof(uint32_t));
  }
  return panels;
}

// With so many inputs side by side.
template <int64_t kTogether, typename T>
void Pack(const T* weight, int64_t out, int64_t in, T* panels) {
  for (int64_t first = 0; first < out; first += kPanelWidth) {
    const int64_t width = std::min(kPanelWidth, out - first);
    int64_t i = 0;
    if (width == kPanelWidth) {
      panels = PackWhole<kTogether>(weight + first * in, in, panels);
      i = in / kTogether * kTogether;
    }
    for (; i < in; i += kTogether) {
      for (int64_t j = 0; j < kPanelWidth; ++j) {
        for (int64_t k = i; k < i + kTogether; ++k)
          *panels++ = j < width && k < in ? weight[(first + j) * in + k] : T{0};
      }
    }
  }
}

}  // namespace

void PackWeight(const float* weight, int64_t out, int64_t in, float* panels) {
  Pack<1>(weight, out, in, panels);
}

void PackWeight(const uint16_t* weight, int64_t out, int64_t in, uint16_t* panels) {
  Pack<2>(weight, out, in, panels);
}

}  // namespace restem::kernels
