// The decoder-only transformer, defined once: training, scoring, prefill and decode all run this
// forward. They differ in where keys and values come from, which the caller's attention function
// decides.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "model/config.h"
#include "model/weights.h"
#include "ops/model_parts.h"
#include "ops/packed_attention.h"
#include "ops/rope.h"

namespace restem {

// A model ready to compute. Copies share the tensors, which are all on one device.
struct Model {
  ModelConfig config;
  Weights weights;
  std::vector<RopeTable> ropes;  // of config.ropes
  std::string dir;  // the HF directory with its weights: tokenizer and configs go along with every
                    // checkpoint
  // Of a part (model/part.h), which config and weights then are of: the ranks with the others.
  std::shared_ptr<ModelParts> parts = nullptr;  // null: this is a whole model
  int64_t first_token = 0;                      // of the part's rows of the embedding
  int64_t vocabulary = 0;                       // rows of all parts
  at::Device device = at::kCPU;
};

struct DecoderInput {
  at::Tensor tokens;     // [rows] int32, each below the whole model's vocab_size
  at::Tensor positions;  // [rows] int32, each below max_position_embeddings
  at::Tensor live;       // [live] int64, rows whose hidden state is wanted; undefined: all of them
};

// q [rows, heads, head_dim], k and v [rows, kv_heads, head_dim], all float32, on a GPU of the
// matrices' dtype; q and k already rotated. Returns what q has. In the last layer q has the live
// rows only.
using AttentionFn = std::function<at::Tensor(
    int64_t layer, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v)>;

// The forward in its steps, for a caller that has not all weights at hand at once: embeddings, each
// layer in turn, the final norm. A step needs the weights of its own only. Behind the last layer's
// keys and values nothing is computed for rows that are not live.
at::Tensor EmbedRows(const Model& model,
                     const DecoderInput& input);  // returns [rows, hidden] float32
at::Tensor DecoderLayer(
    const Model& model,
    int64_t index,
    const DecoderInput& input,
    const at::Tensor& x,            // [rows, hidden] float32
    const AttentionFn& attention);  // returns x's shape; the last, [live, hidden]
at::Tensor FinalNorm(const Model& model, const at::Tensor& x);

// All of them: hidden states after the final norm, what lm_head is applied to.
at::Tensor DecoderHidden(const Model& model,
                         const DecoderInput& input,
                         const AttentionFn& attention);  // returns [live, hidden] float32

// What a layer's attention does to its scores, and what it sees.
AttentionRule AttentionRuleOf(const ModelConfig& config, int64_t layer);

// The tables of config.ropes.
std::vector<RopeTable> RopeTables(const ModelConfig& config);

}  // namespace restem
