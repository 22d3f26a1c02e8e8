// The order of candidates for a draw as integers: a larger logit comes first.
#pragma once

#include <cstdint>
#include <cstring>

#include "kernels/host_device.h"

namespace restem::kernels {

// Smaller for a larger logit, the same for 0 and -0. No NaN.
RESTEM_HOST_DEVICE inline uint32_t RankOfLogit(float logit) {
  logit += 0.0F;  // -0 becomes 0
  uint32_t bits;
  memcpy(&bits, &logit, sizeof(bits));
  return bits >> 31 != 0 ? bits : ~bits & 0x7FFFFFFFU;
}

RESTEM_HOST_DEVICE inline float LogitOfRank(uint32_t rank) {
  const uint32_t bits = rank >> 31 != 0 ? rank : ~rank & 0x7FFFFFFFU;
  float logit;
  memcpy(&logit, &bits, sizeof(logit));
  return logit;
}

}  // namespace restem::kernels
