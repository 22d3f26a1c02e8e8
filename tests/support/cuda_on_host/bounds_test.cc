// AddressSanitizer must see what kernels do beyond their memory.
#include <gtest/gtest.h>

#include "cooperative_groups.h"
#include "cuda_runtime.h"
#include "launch_for_test.h"
#include "sanitizers.h"

namespace restem_host_cuda {
namespace {

namespace cg = cooperative_groups;

__global__ void WriteSharedAt(int index) {
  static_cast<char*>(DynamicShared())[index] = 1;
  __syncthreads();
}

__global__ void ReadLocalAt(int index) {
  volatile int local[4] = {};
  __syncthreads();  // what was known of this stack must survive the change of threads
  (void)local[index];
  __syncthreads();
}

__global__ void ReadNeighbourAt(int index) {
  auto* shared = static_cast<volatile char*>(DynamicShared());
  const auto cluster = cg::this_cluster();
  shared[0] = 1;
  cluster.sync();
  cluster.map_shared_rank(shared, 1 - cluster.block_rank())[index];
  cluster.sync();
}

__global__ void ReadExitedBlock(int) {
  auto* shared = static_cast<volatile char*>(DynamicShared());
  if (blockIdx.x == 1) return;
  __syncthreads();
  __syncthreads();
  cg::this_cluster().map_shared_rank(shared, 1)[0];
}

class BoundsDeathTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!kAddressSanitizer) GTEST_SKIP() << "built without AddressSanitizer";
  }

  // 33 bytes of shared memory per block.
  static void Launch(void (*kernel)(int), int index) {
    LaunchForTest({2}, {64}, /*shared_bytes=*/33, {2})(kernel, index);
  }
};

TEST_F(BoundsDeathTest, WithinIsFine) {
  Launch(WriteSharedAt, 32);
  Launch(ReadLocalAt, 3);
  Launch(ReadNeighbourAt, 32);
}

TEST_F(BoundsDeathTest, SharedMemoryEndsWhereItWasAskedToEnd) {
  EXPECT_DEATH(Launch(WriteSharedAt, 33), "heap-buffer-overflow");
  EXPECT_DEATH(Launch(WriteSharedAt, -1), "heap-buffer-overflow");
  EXPECT_DEATH(Launch(ReadNeighbourAt, 33), "heap-buffer-overflow");
}

TEST_F(BoundsDeathTest, LocalMemory) {
  EXPECT_DEATH(Launch(ReadLocalAt, 4), "stack-buffer-overflow|index 4 out of bounds");
}

TEST_F(BoundsDeathTest, SharedMemoryOfAnExitedBlock) {
  EXPECT_DEATH(Launch(ReadExitedBlock, 0), "use-after-poison");
}

TEST_F(BoundsDeathTest, DeviceMemory) {
  char* memory = nullptr;
  ASSERT_EQ(cudaMalloc(&memory, 5), cudaSuccess);
  EXPECT_DEATH(cudaMemsetAsync(memory, 0, 6), "heap-buffer-overflow");
  cudaFree(memory);
}

}  // namespace
}  // namespace restem_host_cuda
