// A copy of a page of a KV cache in all layers: a sample that begins where its prompt ends amid a
// page needs that page for itself.
#pragma once

#include <cstdint>

#include "kernels/cuda_types.h"

namespace restem::kernels::cuda {

// The pages of all layers: [layers, pages, page_bytes].
struct LayeredPages {
  void* data = nullptr;
  int64_t layers = 0;
  int64_t pages = 0;       // of a layer
  int64_t page_bytes = 0;  // a multiple of 16
};

// In every layer, page `to` becomes what page `from` is. Data aligned to 16 bytes, else
// "cudaErrorMisalignedAddress".
CudaError CopyPage(const LayeredPages& pages, int64_t from, int64_t to, CudaStream stream);

}  // namespace restem::kernels::cuda
