// Tensors of safetensors files as LibTorch's.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "io/safetensors.h"

namespace restem {

// A tensor over the view's own bytes, memory-mapped ones that `owner` keeps; a copy where they are
// not aligned. When the last tensor over them goes, their pages no longer count as this process's
// memory. InvalidInput, naming `where` and the tensor, for a dtype that is not float32, bfloat16 or
// float16.
absl::StatusOr<at::Tensor> MapTensor(const TensorView& view,
                                     std::shared_ptr<const void> owner,
                                     const std::string& where);

// Asks the system to read mapped bytes ahead; without effect on any others, even such as are gone.
void ReadAhead(std::span<const std::byte> bytes);

// A copy in float32.
absl::StatusOr<at::Tensor> FloatTensor(const TensorView& view, const std::string& where);

}  // namespace restem
