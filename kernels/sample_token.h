// Draws one token from each row of logits. It stands twice: over memory of the CPU, and in
// namespace `cuda` over memory of a GPU.
//
// A row is changed by temperature, then top-k, then top-p, as transformers orders them; between
// equal logits the lower id counts as the larger. One uniform number decides, by inverse CDF: in
// order of ids where nothing is filtered, else in order of descending logits.
//
// Why not Gumbel-max, which needs no sum before the draw: it takes a random number per logit, where
// this takes one per token, and it would change the samples of jobs that exist. Nor is anything
// sorted. Unfiltered, masses of blocks of the vocabulary lead to the block that is crossed, and
// only that one is read again. Filtered, top-p's cut and the draw are the same search: for the
// logit at which the mass of what lies above it crosses a target (kernels/threshold_search.h).
//
// The statistics behind a logprob are those of AddToRowStats over the whole row, in the same pass
// over the same exponentials that the draw needs anyway (kernels/row_stats-inl.h). So on the CPU a
// sampled token's logprob has the bits that AddToRowStats and FinishRowStats give it.
#pragma once

#include <cstdint>

#include "kernels/cuda_types.h"
#include "kernels/philox.h"

namespace restem::kernels {

struct LogitsRows {
  int64_t rows = 0;
  int64_t vocab = 0;   // at least 1, at most 2^31 − 1
  int64_t stride = 0;  // elements from a row to the next
};

struct SamplingRule {
  double temperature = 1.0;  // 0: the largest logit
  int64_t top_k = 0;         // 0: off
  double top_p = 1.0;        // 1: off
};

// Where the draws go. A logit of -inf has no probability. Where one is NaN or +inf, or all are
// -inf, the token is 0 and the logprobs are NaN.
struct DrawnTokens {
  int32_t* tokens = nullptr;          // [rows]
  float* logprobs = nullptr;          // [rows] natural log, of the model's own distribution
  float* sampled_logprobs = nullptr;  // [rows] of the distribution drawn from; greedy: 0
};

void SampleTokens(const LogitsRows& shape,
                  const SamplingRule& rule,
                  const float* logits,     // [rows, stride]
                  const double* uniforms,  // [rows] in (0, 1)
                  const DrawnTokens& drawn);

// Logits in float32 or bfloat16. Masses are sums of 64-bit integers: the same input gives the same
// bits, whatever else is in the call; logprobs are those of cuda::AddToRowStats over the whole row.
// `logits` and every row's start must be aligned to 16 bytes, else "cudaErrorMisalignedAddress"; a
// vocabulary above 2^23 is "cudaErrorInvalidValue". No rows: nothing happens.
namespace cuda {

CudaError SampleTokens(const LogitsRows& shape,
                       const SamplingRule& rule,
                       Precision precision,
                       const void* logits,           // [rows, stride]
                       const PhiloxStream* streams,  // [rows]
                       const uint64_t* positions,    // [rows] counters in the streams
                       const DrawnTokens& drawn,
                       CudaStream stream);

}  // namespace cuda
}  // namespace restem::kernels
