// Consecutive pieces of memory, for arrays that are allocated or copied together.
#pragma once

#include <cstdint>

namespace restem::cuda {

class Pieces {
 public:
  // Each piece begins at a multiple of `alignment` bytes. Null memory gives null pieces, and counts
  // their bytes.
  Pieces(void* memory, int64_t alignment)
      : memory_(static_cast<char*>(memory)), alignment_(alignment) {}

  void* next(int64_t bytes) {
    void* piece = memory_ == nullptr ? nullptr : memory_ + bytes_;
    bytes_ += (bytes + alignment_ - 1) / alignment_ * alignment_;
    return piece;
  }
  template <typename T>
  T* next_of(int64_t count) {
    return static_cast<T*>(next(count * static_cast<int64_t>(sizeof(T))));
  }
  int64_t bytes() const { return bytes_; }  // so far

 private:
  char* memory_;
  const int64_t alignment_;
  int64_t bytes_ = 0;
};

}  // namespace restem::cuda
