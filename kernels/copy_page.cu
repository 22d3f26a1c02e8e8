#include "kernels/copy_page.h"
#include "kernels/device.cuh"

namespace restem::kernels::cuda {
namespace {

using namespace device;

constexpr int kThreads = 128;

// A block for each layer.
__global__ void __launch_bounds__(kThreads)
    CopyPageKernel(LayeredPages pages, int64_t from, int64_t to) {
  const int64_t vectors = pages.page_bytes / static_cast<int64_t>(sizeof(Vector));
  auto* layer = static_cast<Vector*>(pages.data) + blockIdx.x * pages.pages * vectors;
  for (int64_t i = threadIdx.x; i < vectors; i += kThreads)
    layer[to * vectors + i] = layer[from * vectors + i];
}

}  // namespace

CudaError CopyPage(const LayeredPages& pages, int64_t from, int64_t to, CudaStream stream) {
  if (!AllAligned({pages.data}) || pages.page_bytes % static_cast<int64_t>(sizeof(Vector)) != 0)
    return kMisaligned;
  return Launch({pages.layers, kThreads}, stream, CopyPageKernel, pages, from, to);
}

}  // namespace restem::kernels::cuda
