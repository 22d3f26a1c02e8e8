// Log-probabilities of target tokens straight from hidden states: lm_head, log-softmax and gather
// in one op, by chunks of rows, so that [rows, vocab] logits never exist as a whole. This is the
// trainer's hot loop.
#pragma once

#include <ATen/core/Tensor.h>

namespace restem {

struct LinearLogprobResult {
  at::Tensor logp;     // [rows] float32, natural log
  at::Tensor lse;      // [rows] float32
  at::Tensor entropy;  // [rows] float32, of the whole next-token distribution
};

// Without gradient: scoring.
LinearLogprobResult LinearLogprob(const at::Tensor& hidden,    // [rows, width] float32
                                  const at::Tensor& weight,    // [vocab, width] float32 or bfloat16
                                  const at::Tensor& targets);  // [rows] int32, each in [0, vocab)

// Σ_r row_weights[r]·(−logp[r]) + z_loss·Σ_r row_weights[r]·lse[r]², a float32 scalar with
// gradients to `hidden` and `weight`. The weights are known before the forward, so the gradient is
// computed within it, chunk by chunk.
struct WeightedNllResult {
  at::Tensor loss;     // scalar
  at::Tensor logp;     // [rows], detached
  at::Tensor entropy;  // [rows], detached
};
WeightedNllResult WeightedNll(const at::Tensor& hidden,
                              const at::Tensor& weight,
                              const at::Tensor& targets,
                              const at::Tensor& row_weights,  // [rows] float32
                              double z_loss);

}  // namespace restem
