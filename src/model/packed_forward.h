// Forward passes that need no cache: prompts and completions packed into rows, for training and
// scoring.
#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <vector>

#include "model/decoder.h"
#include "ops/packed_attention.h"

namespace restem {

// Attention of packed rows over segments, for DecoderHidden of this model, which it refers to;
// `live` as PadInput got it.
AttentionFn PackedAttentionOf(const Model& model,
                              AttentionSegments segments,
                              std::span<const int64_t> live = {});

// Host arrays as tensors, copied. On a CPU, fewer than kMinProductRows rows are filled up with
// token 0 at position 0, fewer live rows with row 0, so that a row's result does not depend on how
// many there are. Without live rows, all are.
DecoderInput PadInput(std::span<const int32_t> tokens,
                      std::span<const int32_t> positions,
                      std::span<const int64_t> live = {},
                      at::Device device = at::kCPU);

// Both together: hidden states [>= live, hidden] float32 of the live rows, padding behind them.
at::Tensor PackedHidden(const Model& model,
                        std::span<const int32_t> tokens,
                        std::span<const int32_t> positions,
                        std::vector<AttentionSegment> segments,
                        std::span<const int64_t> live = {});

}  // namespace restem
