// One pass family over rows of logits: log-probability of a target, log-sum-exp, entropy, and the
// gradient in place.
#pragma once

#include <cstdint>

namespace restem::kernels {

// For each row: lse = log Σ exp(logits), logp = logits[target] − lse, entropy = lse − Σ p·logits.
// A non-finite logit shows as a non-finite lse.
void SoftmaxLogprob(const float* logits,     // [rows, vocab]
                    const int32_t* targets,  // [rows], each in [0, vocab)
                    int64_t rows,
                    int64_t vocab,
                    float* logp,      // [rows]
                    float* lse,       // [rows]
                    float* entropy);  // [rows], may be null

// Overwrites logits by the gradient of Σ weight·(−logp) + z_loss·Σ weight·lse²:
//   weight·(softmax − onehot(target)) + 2·z_loss·weight·lse·softmax.
void SoftmaxLogprobGradient(float* logits,           // [rows, vocab]
                            const int32_t* targets,  // [rows]
                            const float* weights,    // [rows]
                            const float* lse,        // [rows] from SoftmaxLogprob
                            int64_t rows,
                            int64_t vocab,
                            float z_loss);

// probabilities = softmax(logits · inverse_temperature) of one row, [vocab]; they sum to 1 up to
// rounding.
void Softmax(const float* logits, int64_t vocab, float inverse_temperature, float* probabilities);

}  // namespace restem::kernels
