// Strings by their bytes: which of them begin at a place in a text?
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace restem::text {

// The edges are one hash table, so that its memory is a small multiple of the strings' bytes
// whatever they are (a double array's is not), and a step costs one probe.
class ByteTrie {
 public:
  // Every longer string is a step more at each place of a text that repeats it.
  static constexpr size_t kMaxBytes = 1024;

  static constexpr uint32_t kRoot = 0;
  static constexpr uint32_t kNone = ~0u;

  ByteTrie();
  // Sets the value (not negative) of a string of 1 to kMaxBytes bytes; of equal strings the last
  // counts. Returns the value that was there before, or -1.
  int32_t insert(std::string_view key, int32_t value);
  bool empty() const { return values_.size() == 1; }

  uint32_t step(uint32_t node, char byte) const {
    if (node == kRoot) return from_root_[static_cast<uint8_t>(byte)];
    const uint64_t key = key_of(node, byte);
    for (size_t slot = hash(key) >> shift_;; slot = (slot + 1) & (edges_.size() - 1)) {
      if (edges_[slot].key == key) return edges_[slot].child;
      if (edges_[slot].key == kFree) return kNone;
    }
  }
  // -1: no string ends at this node.
  int32_t value(uint32_t node) const { return values_[node]; }

  struct Match {
    size_t length = 0;  // 0: none
    int32_t value = -1;
  };
  // The longest string that `text` begins with.
  Match longest(std::string_view text) const {
    Match match;
    uint32_t node = kRoot;
    for (size_t at = 0; at < text.size(); ++at) {
      node = step(node, text[at]);
      if (node == kNone) break;
      if (values_[node] >= 0) match = {at + 1, values_[node]};
    }
    return match;
  }

 private:
  static constexpr uint64_t kFree = ~uint64_t{0};
  struct Edge {
    uint64_t key = kFree;
    uint32_t child = kNone;
  };

  static uint64_t key_of(uint32_t node, char byte) {
    return uint64_t{node} << 8 | static_cast<uint8_t>(byte);
  }
  static uint64_t hash(uint64_t key) { return key * 0x9E3779B97F4A7C15u; }  // 2^64 / golden ratio
  void place(Edge edge);
  void grow();

  std::array<uint32_t, 256> from_root_;
  std::vector<Edge> edges_;  // a power of two of them, at most half of them taken
  int shift_;                // the upper bits of a hash are the slot
  size_t taken_ = 0;
  std::vector<int32_t> values_;  // by node
};

}  // namespace restem::text
