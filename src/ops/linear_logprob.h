// Log-probabilities of target tokens straight from hidden states: lm_head, log-softmax and gather
// in one op, by blocks, so that [rows, vocab] logits never exist as a whole. This is the trainer's
// hot loop. All operands lie on one device: the CPU, or a GPU where the build has CUDA.
//
// With a packed weight (CPU only), a row's logp has the bits that sampling gives it
// (kernels/sample_token.h), whatever the other rows are.
//
// On a GPU: WeightedNll with gradient rounds a bfloat16 weight's logits to bfloat16, and so its
// logp, lse and entropy are those of logits off by up to 2^-9 of their size, where LinearLogprob
// keeps float32 logits. A row's last bits may depend on how many rows are with it. A call waits for
// the GPU twice: it looks at the targets, and at which rows carry weight.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "ops/matrix.h"
#include "ops/model_parts.h"

namespace restem {

struct LogprobOptions {
  double soft_cap = 0.0;     // logits become cap·tanh(logit / cap); 0: they stay as they are
  double temperature = 1.0;  // > 0; logits are divided by it, after the cap
  // Memory for logits while a gradient is computed; 0: 192 MiB on a CPU, 2 GiB on a GPU.
  int64_t logits_bytes = 0;
  // Where the weight has the rows of some tokens only, and other ranks have the others': all get
  // the same results. `hidden` is the same for all; its gradient is a share of what has to be added
  // up.
  ModelParts* parts = nullptr;  // null: the weight is whole
  int64_t first_token = 0;      // of the weight's rows
  int64_t vocabulary = 0;       // of all
};

struct LinearLogprobResult {
  at::Tensor logp;     // [rows] float32, natural log
  at::Tensor lse;      // [rows] float32
  at::Tensor entropy;  // [rows] float32, of the whole next-token distribution
};

// Without gradient: scoring. A row whose logits are not finite has a non-finite lse; shapes, dtypes
// and targets that do not fit throw c10::Error.
LinearLogprobResult LinearLogprob(
    const at::Tensor& hidden,   // [rows, width] float32, on a GPU also bfloat16
    const Matrix& weight,       // [vocab, width] float32 or bfloat16; the product's precision
    const at::Tensor& targets,  // [rows] int32, each in [0, vocab), of all ranks'
    const LogprobOptions& options = {});

// logits = cap·tanh(logits / cap) in place, with the bits that LinearLogprob's cap gives them; a
// cap of 0 leaves them as they are. On the CPU.
void SoftCapLogits(double soft_cap, const at::Tensor& logits);  // [rows, vocab] float32, contiguous

// Σ_r row_weights[r]·(−logp[r]) + z_loss·Σ_r row_weights[r]·lse[r]², a float32 scalar with
// gradients to `hidden` and `weight`. The weights are known before the forward, so the gradient is
// computed within it, chunk by chunk. Rows of weight 0 are left out before anything is multiplied,
// if there are enough of them; then their logp and entropy are 0.
//
// With `dweight_sum`, the gradient to `weight` is added to that at once, unrounded and without a
// copy of its own, and autograd knows nothing of it: the loss must then be differentiated as it is,
// once.
struct WeightedNllResult {
  at::Tensor loss;     // scalar
  at::Tensor logp;     // [rows], detached
  at::Tensor entropy;  // [rows], detached
};
WeightedNllResult WeightedNll(const at::Tensor& hidden,
                              const Matrix& weight,
                              const at::Tensor& targets,
                              const at::Tensor& row_weights,  // [rows] float32
                              double z_loss,
                              const LogprobOptions& options = {},
                              const at::Tensor& dweight_sum = {});  // [vocab, width] float32

}  // namespace restem
