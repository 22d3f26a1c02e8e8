// Softmax statistics and gradient of rows of logits that come in blocks over the vocabulary, so
// that a row never has to exist as a whole. What one block says of a row merges with what others
// say: the blocks may lie in another call, on another thread or on another device.
#pragma once

#include <cstdint>

namespace restem::kernels {

// What is known of a row after some of its columns.
struct RowStats {
  float max = 0.0F;           // largest logit so far
  float sum = 0.0F;           // Σ exp(logit − max); 0 before the first column
  float offset_sum = 0.0F;    // Σ exp(logit − max)·(logit − max)
  float target_logit = 0.0F;  // logits[target]; 0 until its column came
};

// Columns [first, first + count) of every row.
struct LogitsBlock {
  int64_t rows = 0;
  int64_t first = 0;   // vocabulary index of column 0
  int64_t count = 0;   // columns, at least 1
  int64_t stride = 0;  // floats from a row to the next
};

// Adds a block to the statistics.
void AddToRowStats(const LogitsBlock& block,
                   const float* logits,     // [rows, stride]
                   const int32_t* targets,  // [rows] vocabulary indices
                   RowStats* stats);        // [rows]

// Statistics of other columns of the same rows, e.g. of another vocabulary shard.
void MergeRowStats(const RowStats* other, int64_t rows, RowStats* stats);

// lse = log Σ exp(logits), logp = logits[target] − lse, entropy = lse − Σ p·logits. A logit that is
// NaN or +inf shows as a non-finite lse.
void FinishRowStats(const RowStats* stats,
                    int64_t rows,
                    float* logp,      // [rows]
                    float* lse,       // [rows]
                    float* entropy);  // [rows], may be null

// Overwrites a block's logits by the gradient of Σ weight·(−logp) + z_loss·Σ weight·lse²:
//   weight·(softmax − onehot(target)) + 2·z_loss·weight·lse·softmax.
void SoftmaxLogprobGradient(const LogitsBlock& block,
                            const int32_t* targets,  // [rows] vocabulary indices
                            const float* weights,    // [rows]
                            const float* lse,        // [rows] over the whole vocabulary
                            float z_loss,
                            float* logits);  // [rows, stride]

// probabilities = softmax(logits · inverse_temperature) of one row, [vocab]; they sum to 1 up to
// rounding.
void Softmax(const float* logits, int64_t vocab, float inverse_temperature, float* probabilities);

}  // namespace restem::kernels
