// A model's weights in a GPU's memory, laid out for a decode step: queries, keys and values are one
// product, gate and up another.
#pragma once

#include <vector>

#include "kernels/cuda_types.h"
#include "kernels/paged_attention.h"
#include "model/decoder.h"
#include "sampler/cuda/memory.h"

namespace restem::cuda {

// Matrices are in the model's precision, vectors float32; biases are null where there are none.
struct DeviceLayer {
  const float* input_norm = nullptr;      // [hidden]
  const void* qkv = nullptr;              // [(heads + 2·kv_heads)·head_dim, hidden]
  const float* qkv_bias = nullptr;        // [(heads + 2·kv_heads)·head_dim]
  const void* o = nullptr;                // [hidden, heads·head_dim]
  const float* o_bias = nullptr;          // [hidden]
  const float* mlp_input_norm = nullptr;  // [hidden]
  const void* gate_up = nullptr;          // [2·intermediate, hidden]
  const float* gate_up_bias = nullptr;    // [2·intermediate]
  const void* down = nullptr;             // [hidden, intermediate]
  const float* down_bias = nullptr;       // [hidden]
};

struct DeviceModel {
  ModelConfig config;
  kernels::Precision precision = kernels::Precision::kBfloat16;
  kernels::PagedAttentionShape attention;
  const void* embed_tokens = nullptr;  // [vocab, hidden]
  std::vector<DeviceLayer> layers;
  const float* norm = nullptr;     // [hidden]
  const void* lm_head = nullptr;   // [vocab, hidden]
  const float* cosines = nullptr;  // [max_positions, head_dim / 2]
  const float* sines = nullptr;    // the same
  std::vector<DeviceBuffer> memory;
  // Of a part (model/part.h), which config and weights then are of.
  int64_t parts = 1;
  int64_t first_token = 0;  // of the part's rows of the embedding
  int64_t vocabulary = 0;   // rows of all parts

  // Rows of the embedding that each part has but the last, which may have fewer.
  int64_t tokens_of_part() const { return (vocabulary + parts - 1) / parts; }
};

// InvalidInput where the kernels do not take the model's shape, Failed where memory is short.
// `parts`: how many the model is cut into, of which it is one.
absl::StatusOr<DeviceModel> UploadModel(const Model& model, int64_t parts = 1);

}  // namespace restem::cuda
