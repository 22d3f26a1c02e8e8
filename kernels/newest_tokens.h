// The newest token of every running sample stays on the GPU, in a slot of its own: the next step
// can be launched before the host has read what the last one drew.
#pragma once

#include <cstdint>

#include "kernels/cuda_types.h"

namespace restem::kernels::cuda {

// The rows of a step as the host plans them.
struct PlannedRows {
  int64_t rows = 0;
  const int32_t* given = nullptr;      // [rows] a token; −1: the newest of the row's slot
  const int32_t* slots = nullptr;      // [rows] −1: none
  const int32_t* positions = nullptr;  // [rows]
};

// Tokens and positions of the rows. Both are −1 where the slot's sample has ended, and where a row
// has neither a token nor a slot: such rows are computed for nothing and leave no trace.
CudaError TakeNewest(const PlannedRows& planned,
                     const int32_t* newest,  // [slots]
                     int32_t* tokens,        // [rows]
                     int32_t* positions,     // [rows]
                     CudaStream stream);

// Puts what the first `rows` of a step drew into their slots: −1 behind a token that ends a sample,
// and where TakeNewest() found none. No two rows may have the same slot.
CudaError KeepNewest(int64_t rows,
                     const int32_t* slots,       // [rows] −1: none
                     const int32_t* tokens,      // [rows] of TakeNewest()
                     const int32_t* drawn,       // [rows]
                     const int32_t* end_tokens,  // [end_count]
                     int64_t end_count,
                     int32_t* newest,  // [slots]
                     CudaStream stream);

}  // namespace restem::kernels::cuda
