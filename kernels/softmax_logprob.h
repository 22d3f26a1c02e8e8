// Softmax statistics and gradient of rows of logits that come in blocks over the vocabulary, so
// that a row never has to exist as a whole. What one block says of a row merges with what others
// say: the blocks may lie in another call, on another thread or on another device. Each function
// stands twice: over memory of the CPU, and in namespace `cuda` over memory of a GPU.
#pragma once

#include <cstdint>

#include "kernels/cuda_types.h"
#include "kernels/row_stats.h"

namespace restem::kernels {

// Columns [first, first + count) of every row.
struct LogitsBlock {
  int64_t rows = 0;
  int64_t first = 0;   // vocabulary index of column 0
  int64_t count = 0;   // columns, at least 1
  int64_t stride = 0;  // elements from a row to the next
};

// The loss whose gradient is asked for: Σ weight·(−logp) + z_loss·Σ weight·lse².
struct NllLoss {
  const int32_t* targets = nullptr;  // [rows] vocabulary indices
  const float* weights = nullptr;    // [rows]
  float z_loss = 0.0F;
};

// Where a row's results go.
struct RowResults {
  float* logp = nullptr;     // [rows] natural log
  float* lse = nullptr;      // [rows]
  float* entropy = nullptr;  // [rows] of the whole distribution; may be null
};

// Adds a block to the statistics; `logits` as the model's last product gives them.
void AddToRowStats(const LogitsBlock& block,
                   const LogitTransform& transform,
                   const float* logits,     // [rows, stride]
                   const int32_t* targets,  // [rows] vocabulary indices
                   RowStats* stats);        // [rows]

// logits = cap·tanh(logits / cap) in place: AddToRowStats without a cap then gives the bits that it
// gives with that cap before. On the CPU only.
void SoftCapLogits(float soft_cap, int64_t count, float* logits);

// Statistics of other columns of the same rows, e.g. of another vocabulary shard.
void MergeRowStats(const RowStats* other, int64_t rows, RowStats* stats);

// A logit that is NaN or +inf shows as a non-finite lse, one that is -inf at least as a non-finite
// entropy.
void FinishRowStats(const RowStats* stats, int64_t rows, const RowResults& results);

// Overwrites a block's logits by the loss's gradient with respect to them.
void SoftmaxLogprobGradient(const LogitsBlock& block,
                            const LogitTransform& transform,
                            const NllLoss& loss,
                            const float* lse,  // [rows] over the whole vocabulary
                            float* logits);    // [rows, stride]

// Logits in float32 or bfloat16, arithmetic in float32, sums in a fixed order: the same input gives
// the same bits. `logits` and every row's start must be aligned to 16 bytes, else
// "cudaErrorMisalignedAddress". No rows: nothing happens.
namespace cuda {

CudaError AddToRowStats(const LogitsBlock& block,
                        const LogitTransform& transform,
                        Precision precision,
                        const void* logits,
                        const int32_t* targets,
                        RowStats* stats,
                        CudaStream stream);

CudaError MergeRowStats(const RowStats* other, int64_t rows, RowStats* stats, CudaStream stream);

CudaError FinishRowStats(const RowStats* stats,
                         int64_t rows,
                         const RowResults& results,
                         CudaStream stream);

CudaError SoftmaxLogprobGradient(const LogitsBlock& block,
                                 const LogitTransform& transform,
                                 Precision precision,
                                 const NllLoss& loss,
                                 const float* lse,
                                 void* logits,
                                 CudaStream stream);

// Statistics and gradient of whole rows in one read and one write: a row waits in the shared memory
// of one block, or of a cluster of up to 8 blocks. Rows that do not fit there (about 900,000
// bfloat16 logits on Hopper; without clusters, 80,000 on an A100 and 50,000 on other Ampere GPUs)
// are read twice. `block.first` is 0 and `block.count` the vocabulary; overwrites `logits` by the
// gradient.
CudaError SoftmaxLogprobWithGradient(const LogitsBlock& block,
                                     const LogitTransform& transform,
                                     Precision precision,
                                     const NllLoss& loss,
                                     const RowResults& results,
                                     void* logits,
                                     RowStats* scratch,  // [rows]
                                     CudaStream stream);

}  // namespace cuda
}  // namespace restem::kernels
