#include "sampler/cuda/step_room.h"

#include <utility>

#include "kernels/matrix_product.h"
#include "sampler/cuda/pieces.h"

namespace restem::cuda {
namespace {

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
  const int64_t of_part = model.parts > 1 ? most.drawing * LogitsStride(model.tokens_of_part()) : 0;
  Pieces pieces(memory, /*alignment=*/256);
  const StepRoom room = {
      .x = pieces.next_of<float>(rows * config.hidden_size),
      .normed = pieces.next(rows * config.hidden_size * element),
      .qkv = pieces.next(rows * (q + 2 * kv) * element),
      .q = pieces.next(rows * q * element),
      .attended = pieces.next(rows * q * element),
      .block_out = pieces.next(rows * config.hidden_size * element),
      .gate_up = pieces.next(rows * 2 * config.intermediate_size * element),
      .gated = pieces.next(rows * config.intermediate_size * element),
      .logits = pieces.next_of<float>(most.drawing * LogitsStride(model.vocabulary)),
      .own_logits = pieces.next_of<float>(of_part),
      .all_logits = pieces.next_of<float>(model.parts * of_part),
      .tokens = pieces.next_of<int32_t>(rows),
      .positions = pieces.next_of<int32_t>(rows),
      .newest = pieces.next_of<int32_t>(most.drawing),
      .drawn = DrawnIn(pieces.next(DrawnBytes(most.drawing)), most.drawing),
      .attention = {pieces.next(attention), attention},
      .products = {pieces.next(products), products},
  };
  return {room, pieces.bytes()};
}

}  // namespace

kernels::DrawnTokens DrawnIn(void* memory, int64_t slots) {
  Pieces pieces(memory, sizeof(int32_t));
  return {.tokens = pieces.next_of<int32_t>(slots),
          .logprobs = pieces.next_of<float>(slots),
          .sampled_logprobs = pieces.next_of<float>(slots)};
}

int64_t DrawnBytes(int64_t slots) {
  return slots * static_cast<int64_t>(sizeof(int32_t) + 2 * sizeof(float));
}

StepRoom StepRoom::In(void* memory, const DeviceModel& model, const StepShape& most) {
  return Divide(memory, model, most).first;
}

int64_t StepRoom::Bytes(const DeviceModel& model, const StepShape& most) {
  return Divide(nullptr, model, most).second;
}

}  // namespace restem::cuda
