// A decoder's tensors under their HF names.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

#include "model/config.h"
#include "ops/matrix.h"

namespace restem {

// Matrices are in the compute dtype, vectors (norms, biases) always float32. Undefined where the
// model has none.
struct LayerWeights {
  at::Tensor input_norm;  // [hidden]
  Matrix q;               // [heads·head_dim, hidden]
  Matrix k, v;            // [kv_heads·head_dim, hidden]
  Matrix o;               // [hidden, heads·head_dim]
  at::Tensor q_bias, k_bias, v_bias, o_bias;
  at::Tensor post_attention_norm;  // [hidden]
  Matrix gate, up;                 // [intermediate, hidden]
  Matrix down;                     // [hidden, intermediate]
  at::Tensor gate_bias, up_bias, down_bias;
};

struct Weights {
  at::Tensor embed_tokens;  // [vocab, hidden]
  std::vector<LayerWeights> layers;
  at::Tensor norm;  // [hidden]
  Matrix lm_head;   // [vocab, hidden]; dense undefined when tied to embed_tokens

  // What gives logits.
  Matrix output_embedding() const {
    return {lm_head.dense.defined() ? lm_head.dense : embed_tokens, lm_head.packed};
  }
};

// The one place where HF names and shapes are written: calls `visit(name, shape, tensor)` for every
// tensor that a model of this configuration has, in checkpoint order. `weights.layers` is resized
// to fit.
using ParameterVisitor = std::function<void(
    const std::string& name, const std::vector<int64_t>& shape, at::Tensor& tensor)>;
void VisitParameters(const ModelConfig& config, Weights& weights, const ParameterVisitor& visit);

struct Parameter {
  std::string name;  // HF name
  at::Tensor tensor;
};
std::vector<Parameter> Parameters(const ModelConfig& config, const Weights& weights);

// A new Weights of which each tensor is `map(tensor)`.
Weights MapWeights(const ModelConfig& config,
                   const Weights& weights,
                   const std::function<at::Tensor(const at::Tensor&)>& map);

// Adds packed forms to all matrices that are multiplied. Without `keep_dense`, the dense ones go:
// sampling neither trains nor saves. Embeddings stay for lookup.
Weights PackedWeights(Weights weights, bool keep_dense);

// Float32 weights drawn from N(0, initializer_range²), norms 1, biases 0; a pure function of
// `seed`.
Weights InitialWeights(const ModelConfig& config, uint64_t seed);

}  // namespace restem
