#include "sampler/cuda/step_input.h"

#include <utility>

#include "model/kv_cache.h"
#include "sampler/cuda/pieces.h"

namespace restem::cuda {
namespace {

// And how many bytes it takes, without tables.
std::pair<StepInput, int64_t> Divide(void* memory, const StepShape& shape) {
  const int64_t rows = shape.rows();
  Pieces pieces(memory, sizeof(int32_t));
  const StepInput input = {
      .counters = pieces.next_of<uint64_t>(shape.drawing),  // first: they want eight bytes
      .streams = pieces.next_of<kernels::PhiloxStream>(shape.drawing),
      .given = pieces.next_of<int32_t>(rows),
      .slots = pieces.next_of<int32_t>(rows),
      .positions = pieces.next_of<int32_t>(rows),
      .sequences = pieces.next_of<int32_t>(rows),
      .prompt_pages = pieces.next_of<int32_t>(rows),
      .tables = pieces.next_of<int32_t>(0),
      .table_stride = PagesFor(shape.max_keys),
  };
  return {input, pieces.bytes()};
}

}  // namespace

StepInput StepInput::In(void* memory, const StepShape& shape) {
  return Divide(memory, shape).first;
}

int64_t StepInput::Bytes(const StepShape& shape, int64_t sequences) {
  const int64_t tables = sequences * PagesFor(shape.max_keys);
  return Divide(nullptr, shape).second + tables * static_cast<int64_t>(sizeof(int32_t));
}

}  // namespace restem::cuda
