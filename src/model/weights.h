// A decoder's tensors, under Llama's HF names. How a family's checkpoint names and lays them out:
// model/stored_tensors.h.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/config.h"
#include "ops/matrix.h"

namespace restem {

struct NormWeights {
  at::Tensor weight;  // [width]; undefined: there is no norm at this place
  at::Tensor bias;    // [width], of layer norms
};

// Undefined where the model has none.
struct MlpWeights {
  Matrix gate, up;  // [intermediate, hidden]; without a gate, up alone is activated
  Matrix down;      // [hidden, intermediate]
  at::Tensor gate_bias, up_bias, down_bias;
};

// Matrices are in the compute dtype, vectors (norms, biases) always float32. Undefined where the
// model has none.
struct LayerWeights {
  NormWeights input_norm;  // of what attention gets
  Matrix q;                // [heads·head_dim, hidden]
  Matrix k, v;             // [kv_heads·head_dim, hidden]
  Matrix o;                // [hidden, heads·head_dim]
  at::Tensor q_bias, k_bias, v_bias, o_bias;
  NormWeights q_norm, k_norm;  // [head_dim], or [heads·head_dim] and [kv_heads·head_dim]
  NormWeights attention_norm;  // of what attention gives
  NormWeights mlp_input_norm;
  MlpWeights mlp;
  Matrix router;  // [experts, hidden]; with it, experts stand for the MLP
  std::vector<MlpWeights> experts;
  NormWeights mlp_norm;  // of what the MLP gives
};

// What an adapter (model/adapter.h) adds to one linear layer: scale · b·a.
struct AdapterModule {
  std::string name;  // HF's name of the layer
  at::Tensor a;      // [rank, in] float32
  at::Tensor b;      // [out, rank] float32
  double scale = 1.0;
  double dropout = 0.0;
  std::vector<std::string> parameters;  // our matrices that it is, along out
};

struct Weights {
  at::Tensor embed_tokens;     // [vocab, hidden]
  at::Tensor embed_positions;  // [max_positions, hidden], where positions are learned
  std::vector<LayerWeights> layers;
  NormWeights norm;
  std::vector<AdapterModule> adapter;  // empty: none; the matrices' low_rank are views of it
  Matrix lm_head;                      // [vocab, hidden]; dense undefined when tied to embed_tokens

  // What gives logits.
  Matrix output_embedding() const {
    return {lm_head.dense.defined() ? lm_head.dense : embed_tokens, lm_head.packed};
  }
};

// The one place where names and shapes are written: calls `visit(name, shape, tensor)` for every
// tensor that a model of this configuration has, in checkpoint order. `weights.layers` is resized
// to fit.
using ParameterVisitor = std::function<void(
    const std::string& name, const std::vector<int64_t>& shape, at::Tensor& tensor)>;
void VisitParameters(const ModelConfig& config, Weights& weights, const ParameterVisitor& visit);

// The matrices among them that are multiplied, lm_head left out.
using MatrixVisitor = std::function<void(const std::string& name, Matrix& matrix)>;
void VisitMatrices(const ModelConfig& config, Weights& weights, const MatrixVisitor& visit);

struct Parameter {
  std::string name;
  at::Tensor tensor;
};
std::vector<Parameter> Parameters(const ModelConfig& config, const Weights& weights);

// Shapes by name.
std::map<std::string, std::vector<int64_t>> ParameterShapes(const ModelConfig& config);

// The layer that a parameter is of; nullopt: of none.
std::optional<int64_t> LayerOf(std::string_view parameter);

// A new Weights of which each tensor is `map(tensor)`.
Weights MapWeights(const ModelConfig& config,
                   const Weights& weights,
                   const std::function<at::Tensor(const at::Tensor&)>& map);

// Float32 weights drawn from N(0, initializer_range²), biases 0, norms that only normalize; a pure
// function of `seed`.
Weights InitialWeights(const ModelConfig& config, uint64_t seed);

}  // namespace restem
