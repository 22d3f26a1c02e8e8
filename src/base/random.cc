#include "base/random.h"

#include <xxhash.h>

namespace restem {
namespace {

constexpr uint32_t kMultiplier0 = 0xD2511F53;
constexpr uint32_t kMultiplier1 = 0xCD9E8D57;
constexpr uint32_t kWeyl0 = 0x9E3779B9;
constexpr uint32_t kWeyl1 = 0xBB67AE85;
constexpr int kRounds = 10;

std::array<uint32_t, 4> Philox(std::array<uint32_t, 4> c, std::array<uint32_t, 2> k) {
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t p0 = uint64_t{kMultiplier0} * c[0];
    const uint64_t p1 = uint64_t{kMultiplier1} * c[2];
    c = {static_cast<uint32_t>(p1 >> 32) ^ c[1] ^ k[0],
         static_cast<uint32_t>(p1),
         static_cast<uint32_t>(p0 >> 32) ^ c[3] ^ k[1],
         static_cast<uint32_t>(p0)};
    k[0] += kWeyl0;
    k[1] += kWeyl1;
  }
  return c;
}

}  // namespace

RandomStream::RandomStream(uint64_t seed,
                           StreamPurpose purpose,
                           uint64_t iteration,
                           std::string_view name,
                           uint64_t index) {
  // Philox takes 64 bits of key and 128 of counter. The key and the counter's high half are a
  // 128-bit hash of everything that names the stream; the low half counts.
  const XXH64_hash_t name_hash = XXH3_64bits(name.data(), name.size());
  const uint64_t words[] = {seed, static_cast<uint64_t>(purpose), iteration, name_hash, index};
  const XXH128_hash_t hash = XXH3_128bits(words, sizeof words);
  key_ = {static_cast<uint32_t>(hash.low64), static_cast<uint32_t>(hash.low64 >> 32)};
  high_counter_ = {static_cast<uint32_t>(hash.high64), static_cast<uint32_t>(hash.high64 >> 32)};
}

std::array<uint32_t, 4> RandomStream::at(uint64_t counter) const {
  return Philox({static_cast<uint32_t>(counter),
                 static_cast<uint32_t>(counter >> 32),
                 high_counter_[0],
                 high_counter_[1]},
                key_);
}

double RandomStream::uniform(uint64_t counter) const {
  // 52 random bits and a half step: (k + 0.5) / 2^52 is exact in double and strictly inside (0, 1).
  const auto words = at(counter);
  const uint64_t bits = ((uint64_t{words[1]} << 32) | words[0]) >> 12;
  return (static_cast<double>(bits) + 0.5) * 0x1p-52;
}

uint64_t UniformBelow(const RandomStream& stream, uint64_t counter, uint64_t bound) {
  // 64 random bits times bound, high half: a bias of at most bound / 2^64.
  const auto words = stream.at(counter);
  const uint64_t random = (uint64_t{words[1]} << 32) | words[0];
  return static_cast<uint64_t>((static_cast<unsigned __int128>(random) * bound) >> 64);
}

}  // namespace restem
