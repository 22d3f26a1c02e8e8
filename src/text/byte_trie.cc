#include "text/byte_trie.h"

#include <utility>

namespace restem::text {

ByteTrie::ByteTrie() : edges_(16), shift_(60), values_(1, -1) { from_root_.fill(kNone); }

int32_t ByteTrie::insert(std::string_view key, int32_t value) {
  uint32_t node = kRoot;
  for (const char byte : key) {
    uint32_t child = step(node, byte);
    if (child == kNone) {
      child = static_cast<uint32_t>(values_.size());
      values_.push_back(-1);
      if (node == kRoot) {
        from_root_[static_cast<uint8_t>(byte)] = child;
      } else {
        if (2 * ++taken_ > edges_.size()) grow();
        place({key_of(node, byte), child});
      }
    }
    node = child;
  }
  return std::exchange(values_[node], value);
}

void ByteTrie::place(Edge edge) {
  size_t slot = hash(edge.key) >> shift_;
  while (edges_[slot].key != kFree) slot = (slot + 1) & (edges_.size() - 1);
  edges_[slot] = edge;
}

void ByteTrie::grow() {
  std::vector<Edge> old(2 * edges_.size());
  old.swap(edges_);
  --shift_;
  for (const Edge& edge : old) {
    if (edge.key != kFree) place(edge);
  }
}

}  // namespace restem::text
