#include "sampler/cuda/step_input.h"

#include "model/kv_cache.h"

namespace restem::cuda {
namespace {

// Hands out consecutive pieces.
class Pieces {
 public:
  explicit Pieces(void* memory) : at_(static_cast<char*>(memory)) {}

  template <typename T>
  T* next(int64_t count) {
    auto* piece = reinterpret_cast<T*>(at_);
    at_ += count * static_cast<int64_t>(sizeof(T));
    return piece;
  }

 private:
  char* at_;
};

}  // namespace

StepInput StepInput::In(void* memory, const StepShape& shape) {
  Pieces pieces(memory);  // the widest elements first, so that each piece is aligned
  const int64_t rows = shape.rows();
  return {
      .streams = pieces.next<kernels::PhiloxStream>(shape.drawing),
      .counters = pieces.next<uint64_t>(shape.drawing),
      .given = pieces.next<int32_t>(rows),
      .slots = pieces.next<int32_t>(rows),
      .positions = pieces.next<int32_t>(rows),
      .sequences = pieces.next<int32_t>(rows),
      .prompt_pages = pieces.next<int32_t>(rows),
      .tables = pieces.next<int32_t>(0),
      .table_stride = PagesFor(shape.max_keys),
  };
}

int64_t StepInput::Bytes(const StepShape& shape, int64_t sequences) {
  constexpr int64_t kPerDraw = sizeof(kernels::PhiloxStream) + sizeof(uint64_t);
  constexpr int64_t kPerRow = 5 * sizeof(int32_t);
  const int64_t tables = sequences * PagesFor(shape.max_keys);
  return shape.drawing * kPerDraw + shape.rows() * kPerRow +
         tables * static_cast<int64_t>(sizeof(int32_t));
}

}  // namespace restem::cuda
