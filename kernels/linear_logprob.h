// lm_head, log-softmax and gather in one op on a GPU: cuBLASLt's products around the kernels of
// softmax_logprob.h, by chunks of rows, so that [rows, vocab] logits never exist as a whole. The
// CPU's twin is src/ops/linear_logprob_cpu.cc, whose products are LibTorch's.
#pragma once

#include <cstdint>

#include "kernels/matrix_product.h"
#include "kernels/softmax_logprob.h"

namespace restem::kernels::cuda {

// All pointers to the GPU's memory.
struct LinearLogprobInput {
  Precision precision = Precision::kBfloat16;  // of hidden and weight
  int64_t rows = 0;
  int64_t width = 0;
  int64_t vocab = 0;
  const void* hidden = nullptr;      // [rows, width]
  const void* weight = nullptr;      // [vocab, width]
  const int32_t* targets = nullptr;  // [rows], each in [0, vocab)
  LogitTransform transform;
};

// The loss's gradient: Σ weight·(−logp) + z_loss·Σ weight·lse².
struct LinearLogprobGradient {
  const float* weights = nullptr;  // [rows]
  float z_loss = 0.0F;
  float* dhidden = nullptr;  // [rows, width] float32, overwritten
  float* dweight = nullptr;  // [vocab, width] float32, overwritten or added to
  bool add_to_dweight = false;
};

// How much of the problem is held at once.
struct LinearLogprobPlan {
  int64_t chunk_rows = 0;
  int64_t chunk_columns = 0;  // of the vocabulary
  int64_t logits_stride = 0;  // elements
  int64_t logits_bytes = 0;
  int64_t stats_bytes = 0;
  int64_t workspace_bytes() const { return logits_bytes + stats_bytes + kProductWorkspaceBytes; }
};

// Scores alone: float32 logits of a block of rows and columns that stays in the second-level cache.
LinearLogprobPlan PlanScores(const LinearLogprobInput& input);

// With gradient: whole rows of logits in the input's precision, `budget_bytes` of them at most (but
// for one row), in chunks of about equal size. Few chunks are fast: each adds to all of dweight.
LinearLogprobPlan PlanGradient(const LinearLogprobInput& input, int64_t budget_bytes);

// Scores; with the plan of PlanScores and a workspace of its size.
CudaError LinearLogprob(const LinearLogprobInput& input,
                        const LinearLogprobPlan& plan,
                        const RowResults& results,
                        const Workspace& workspace,
                        CudaStream stream);

// Scores and gradient in one pass; with the plan of PlanGradient and a workspace of its size. In
// bfloat16 the logits, and the gradient with respect to them, are rounded to bfloat16.
CudaError LinearLogprobWithGradient(const LinearLogprobInput& input,
                                    const LinearLogprobPlan& plan,
                                    const RowResults& results,
                                    const LinearLogprobGradient& gradient,
                                    const Workspace& workspace,
                                    CudaStream stream);

}  // namespace restem::kernels::cuda
