#include <algorithm>

#include "kernels/packed_product.h"

namespace restem::kernels {
namespace {

// With so many inputs side by side.
template <int64_t kTogether, typename T>
void Pack(const T* weight, int64_t out, int64_t in, T* panels) {
  for (int64_t first = 0; first < out; first += kPanelWidth) {
    const int64_t width = std::min(kPanelWidth, out - first);
    for (int64_t i = 0; i < in; i += kTogether) {
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
