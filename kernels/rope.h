// Rotary position embedding (arXiv 2104.09864) in the "rotate half" layout of HF checkpoints:
// element i of a head is paired with element i + rotary_dim/2 and turned by position ·
// its frequency, theta^(−2i/rotary_dim) where nothing scales it. Elements from rotary_dim on stay
// as they are.
#pragma once

#include <cstdint>

#include "kernels/cuda_types.h"
#include "kernels/host_device.h"

namespace restem::kernels {

struct RopePair {
  float first;
  float second;
};

// Elements i and i + rotary_dim/2 of a head, turned by the angle of that cosine and sine.
RESTEM_HOST_DEVICE inline RopePair Turned(RopePair x, float cosine, float sine) {
  return {x.first * cosine - x.second * sine, x.second * cosine + x.first * sine};
}

// y may be x. direction +1 rotates, −1 rotates back (the gradient).
void Rope(const float* x,            // [rows, heads, head_dim]
          const int32_t* positions,  // [rows], each within the tables
          const float* cosines,      // [max_positions, rotary_dim / 2]
          const float* sines,        // [max_positions, rotary_dim / 2]
          int64_t rows,
          int64_t heads,
          int64_t head_dim,
          int64_t rotary_dim,  // even, at most head_dim
          float direction,
          float* y);  // [rows, heads, head_dim]

namespace cuda {

struct RopeInput {
  int64_t rows = 0;
  int64_t heads = 0;
  int64_t head_dim = 0;
  int64_t rotary_dim = 0;  // even, at most head_dim
  const int32_t* positions = nullptr;
  const float* cosines = nullptr;
  const float* sines = nullptr;
  float direction = 1.0F;
  Precision precision = Precision::kBfloat16;
};

// The same on a GPU, of x and y in the precision; computed in float32.
CudaError Rope(const RopeInput& input, const void* x, void* y, CudaStream stream);

}  // namespace cuda
}  // namespace restem::kernels
