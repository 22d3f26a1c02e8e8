// Counter-based random streams (kernels/philox.h). A stream is a pure function of its key, so a
// draw does not depend on batch, order, thread, rank or restart.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "kernels/philox.h"

namespace restem {

// What a random stream is for; part of its key, so that streams of different purposes never
// coincide.
enum class StreamPurpose : uint32_t {
  kSample = 0,
  kEval = 1,
  kShuffle = 2,
  kSelect = 3,
  kControl = 4,
  kInit = 5,
  kDropout = 6
};

class RandomStream {
 public:
  // `name` is the problem id (or what else is being drawn for), `index` the sample index.
  RandomStream(uint64_t seed,
               StreamPurpose purpose,
               uint64_t iteration,
               std::string_view name,
               uint64_t index);

  // Four uniform 32-bit words at `counter` (the token position), whatever was asked before.
  std::array<uint32_t, 4> at(uint64_t counter) const;

  // Uniform in (0, 1) in steps of 2^-52, never 0 or 1.
  double uniform(uint64_t counter) const;

  // For code that draws elsewhere, e.g. on a GPU.
  const kernels::PhiloxStream& philox() const { return stream_; }

 private:
  kernels::PhiloxStream stream_;
};

// Uniform integers in [0, bound) from a stream, one counter each; the bias is below bound / 2^64.
uint64_t UniformBelow(const RandomStream& stream, uint64_t counter, uint64_t bound);

// Fisher-Yates with the stream's counters 0, 1, 2, …
template <typename T>
void Shuffle(std::span<T> items, const RandomStream& stream) {
  for (size_t i = items.size(); i > 1; --i) {
    std::swap(items[i - 1], items[UniformBelow(stream, items.size() - i, i)]);
  }
}

}  // namespace restem
