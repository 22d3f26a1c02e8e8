#include "sampler/cuda/step_room.h"

#include <utility>

#include "kernels/matrix_product.h"

namespace restem::cuda {
namespace {

// Hands out pieces of memory, each aligned to 256 bytes, and counts them.
class Pieces {
 public:
  explicit Pieces(void* memory) : memory_(static_cast<char*>(memory)) {}

  void* next(int64_t bytes) {
    void* piece = memory_ == nullptr ? nullptr : memory_ + bytes_;
    bytes_ += (bytes + 255) / 256 * 256;
    return piece;
  }
  template <typename T>
  T* next_of(int64_t count) {
    return static_cast<T*>(next(count * static_cast<int64_t>(sizeof(T))));
  }
  int64_t bytes() const { return bytes_; }

 private:
  char* memory_;
  int64_t bytes_ = 0;
};

kernels::DrawnTokens DrawnIn(int32_t* memory, int64_t slots) {
  if (memory == nullptr) return {};
  return {memory,
          reinterpret_cast<float*>(memory + slots),
          reinterpret_cast<float*>(memory + 2 * slots)};
}

// And how many bytes it takes.
std::pair<StepRoom, int64_t> Divide(void* memory, const DeviceModel& model, const StepShape& most) {
  const ModelConfig& config = model.config;
  const int64_t rows = most.rows();
  const int64_t element = kernels::BytesOf(model.precision);
  const int64_t q = config.num_attention_heads * config.head_dim;
  const int64_t kv = config.num_key_value_heads * config.head_dim;
  const int64_t attention =
      kernels::cuda::PagedAttentionWorkspaceBytes(model.attention, rows, most.max_keys);
  const int64_t products = kernels::cuda::kProductWorkspaceBytes;
  Pieces pieces(memory);
  const StepRoom room = {
      .x = pieces.next_of<float>(rows * config.hidden_size),
      .normed = pieces.next(rows * config.hidden_size * element),
      .qkv = pieces.next(rows * (q + 2 * kv) * element),
      .q = pieces.next(rows * q * element),
      .attended = pieces.next(rows * q * element),
      .block_out = pieces.next(rows * config.hidden_size * element),
      .gate_up = pieces.next(rows * 2 * config.intermediate_size * element),
      .gated = pieces.next(rows * config.intermediate_size * element),
      .logits = pieces.next_of<float>(most.drawing * LogitsStride(config.vocab_size)),
      .tokens = pieces.next_of<int32_t>(rows),
      .positions = pieces.next_of<int32_t>(rows),
      .newest = pieces.next_of<int32_t>(most.drawing),
      .drawn = DrawnIn(pieces.next_of<int32_t>(3 * most.drawing), most.drawing),
      .attention = {pieces.next(attention), attention},
      .products = {pieces.next(products), products},
  };
  return {room, pieces.bytes()};
}

}  // namespace

StepRoom StepRoom::In(void* memory, const DeviceModel& model, const StepShape& most) {
  return Divide(memory, model, most).first;
}

int64_t StepRoom::Bytes(const DeviceModel& model, const StepShape& most) {
  return Divide(nullptr, model, most).second;
}

}  // namespace restem::cuda
