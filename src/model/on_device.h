// A model's way to a GPU and back.
#pragma once

#include <ATen/core/Tensor.h>

#include "model/decoder.h"

namespace restem {

// The same model with its tensors on `device`, those that it has. Packed forms of its matrices stay
// where they are; products on a GPU do without.
Model ModelOn(const Model& model, at::Device device);

}  // namespace restem
