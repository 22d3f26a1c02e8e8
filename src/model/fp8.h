// Checkpoints with 8-bit floating-point weights, each with a scale for a block of it: read as what
// they stand for.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "base/status.h"
#include "io/safetensors.h"
#include "model/config.h"

namespace restem {

bool IsFp8(DType dtype);

// weight · scale in bfloat16, or in float32. The scale is one number, one for each row, or one for
// each block of config.rows x config.columns elements. InvalidInput names a scale of another shape.
absl::StatusOr<at::Tensor> Dequantized(const TensorView& weight,  // [out, in]
                                       const TensorView& scale,
                                       const Fp8Config& config,
                                       bool bfloat16,
                                       const std::string& where);

// The names that a weight's scale may have.
std::vector<std::string> ScaleNames(const std::string& weight);

}  // namespace restem
