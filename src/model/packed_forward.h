// Forward passes that need no cache: prompts and completions packed into rows, for training and
// scoring.
#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <vector>

#include "model/decoder.h"
#include "ops/packed_attention.h"

namespace restem {

// Attention of packed rows over segments; give it to DecoderHidden.
AttentionFn PackedAttentionOf(const Model& model, AttentionSegments segments);

// Host arrays as int32 tensors, copied; fewer than kMinProductRows rows are filled up with token 0
// at position 0, so that a row's result does not depend on how many rows there are.
struct PackedInput {
  at::Tensor tokens;     // [padded_rows] int32
  at::Tensor positions;  // [padded_rows] int32
};
PackedInput PadInput(std::span<const int32_t> tokens, std::span<const int32_t> positions);

}  // namespace restem
