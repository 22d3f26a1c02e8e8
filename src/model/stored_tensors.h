// How a family's checkpoint lays a model's parameters out: under its own names, several of them as
// one tensor, or transposed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/config.h"

namespace restem {

struct StoredTensor {
  std::string name;  // HF's
  std::vector<int64_t> shape;
  bool transposed = false;              // [in, out]
  std::vector<std::string> parameters;  // model/weights.h's names, along their first dimension
};

// In checkpoint order; each parameter is in one of them.
std::vector<StoredTensor> StoredTensors(const ModelConfig& config);

// A linear layer that an adapter may be put on: those of attention and of MLPs that are no experts.
struct LinearModule {
  std::string name;  // HF's
  int64_t out = 0;
  int64_t in = 0;
  std::vector<std::string> parameters;  // along out
};
std::vector<LinearModule> LinearModules(const ModelConfig& config);

// Whether a checkpoint of this model may hold a tensor of that name beside its parameters: copies
// and constants that some tools write.
bool IsKnownExtra(const ModelConfig& config, const std::string& name);

}  // namespace restem
