#include "base/random.h"

#include <xxhash.h>

namespace restem {

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
  stream_ = {{static_cast<uint32_t>(hash.low64), static_cast<uint32_t>(hash.low64 >> 32)},
             {static_cast<uint32_t>(hash.high64), static_cast<uint32_t>(hash.high64 >> 32)}};
}

std::array<uint32_t, 4> RandomStream::at(uint64_t counter) const {
  const kernels::PhiloxWords words = kernels::PhiloxAt(stream_, counter);
  return {words.word[0], words.word[1], words.word[2], words.word[3]};
}

double RandomStream::uniform(uint64_t counter) const { return UniformAt(stream_, counter); }

uint64_t UniformBelow(const RandomStream& stream, uint64_t counter, uint64_t bound) {
  // 64 random bits times bound, high half: a bias of at most bound / 2^64.
  const auto words = stream.at(counter);
  const uint64_t random = (uint64_t{words[1]} << 32) | words[0];
  return static_cast<uint64_t>((static_cast<unsigned __int128>(random) * bound) >> 64);
}

}  // namespace restem
