// What stands between the product that makes queries, keys and values and attention over pages:
// biases, rotary position embedding (kernels/rope.h), and the keys' and values' way into their
// pages.
#pragma once

#include "kernels/paged_attention.h"

namespace restem::kernels::cuda {

struct QkvRopeInput {
  const void* qkv = nullptr;    // [rows, (heads + 2 * kv_heads) * head_dim], the pool's precision
  const float* bias = nullptr;  // [(heads + 2 * kv_heads) * head_dim]; may be null
  const float* cosines = nullptr;  // [max_positions, head_dim / 2]
  const float* sines = nullptr;    // the same
};

// Turns queries and keys by their rows' positions. Keys and values go to the slots of their
// positions; rows that are none leave no trace. No two rows may have the same sequence and
// position, and their pages must be nobody else's. head_dim a multiple of 8, arrays aligned to 16
// bytes, else "cudaErrorNotSupported" or "cudaErrorMisalignedAddress".
CudaError QkvRopeCache(const PagedAttentionShape& shape,
                       const PagedBatch& batch,  // max_keys and prompt_pages are not used
                       const QkvRopeInput& input,
                       const PagePool& layer,
                       void* q,  // [rows, heads, head_dim] of the pool's precision
                       CudaStream stream);

}  // namespace restem::kernels::cuda
