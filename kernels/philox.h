// Philox4x32-10 (Salmon et al., SC 2011, "Parallel random numbers: as easy as 1, 2, 3"): random
// words that are a pure function of key and counter, the same on host and device.
#pragma once

#include <cstdint>

#include "kernels/host_device.h"

namespace restem::kernels {

// Of Philox's 64 bits of key and 128 of counter, all but the counter's low half name a stream.
struct PhiloxStream {
  uint32_t key[2];
  uint32_t high_counter[2];
};

struct PhiloxWords {
  uint32_t word[4];  // uniform and independent
};

RESTEM_HOST_DEVICE inline PhiloxWords PhiloxAt(const PhiloxStream& stream, uint64_t counter) {
  constexpr uint32_t kMultiplier0 = 0xD2511F53;
  constexpr uint32_t kMultiplier1 = 0xCD9E8D57;
  constexpr uint32_t kWeyl0 = 0x9E3779B9;
  constexpr uint32_t kWeyl1 = 0xBB67AE85;
  constexpr int kRounds = 10;
  uint32_t key0 = stream.key[0];
  uint32_t key1 = stream.key[1];
  PhiloxWords c = {{static_cast<uint32_t>(counter),
                    static_cast<uint32_t>(counter >> 32),
                    stream.high_counter[0],
                    stream.high_counter[1]}};
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t p0 = uint64_t{kMultiplier0} * c.word[0];
    const uint64_t p1 = uint64_t{kMultiplier1} * c.word[2];
    c = {{static_cast<uint32_t>(p1 >> 32) ^ c.word[1] ^ key0,
          static_cast<uint32_t>(p1),
          static_cast<uint32_t>(p0 >> 32) ^ c.word[3] ^ key1,
          static_cast<uint32_t>(p0)}};
    key0 += kWeyl0;
    key1 += kWeyl1;
  }
  return c;
}

// Uniform in (0, 1) in steps of 2^-52: 52 random bits and a half step are exact in double and
// strictly inside.
RESTEM_HOST_DEVICE inline double UniformAt(const PhiloxStream& stream, uint64_t counter) {
  const PhiloxWords words = PhiloxAt(stream, counter);
  const uint64_t bits = ((uint64_t{words.word[1]} << 32) | words.word[0]) >> 12;
  return (static_cast<double>(bits) + 0.5) * 0x1p-52;
}

}  // namespace restem::kernels
