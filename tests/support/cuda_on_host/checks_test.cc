// What the executor refuses and reports; see race_test.cc and bounds_test.cc for the sanitizers'
// share.
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "cooperative_groups.h"
#include "cuda_runtime.h"
#include "launch_for_test.h"
#include "sanitizers.h"

namespace restem_host_cuda {
namespace {

namespace cg = cooperative_groups;

constexpr unsigned kAllLanes = 0xFFFFFFFFu;

__global__ void Nothing() {}
__global__ void AlsoNothing() {}

cudaError_t LaunchNothing(dim3 grid, dim3 block, size_t shared_bytes = 0, dim3 cluster = {}) {
  return LaunchForTest(grid, block, shared_bytes, cluster)(Nothing);
}

TEST(LaunchChecks, Sizes) {
  EXPECT_EQ(LaunchNothing({1}, {1024}), cudaSuccess);
  EXPECT_EQ(LaunchNothing({1}, {1025}), cudaErrorInvalidConfiguration);
  EXPECT_EQ(LaunchNothing({1}, {64, 32}), cudaErrorInvalidConfiguration);
  EXPECT_EQ(LaunchNothing({1}, {1, 1, 65}), cudaErrorInvalidConfiguration);
  EXPECT_EQ(LaunchNothing({1}, {0}), cudaErrorInvalidConfiguration);
  EXPECT_EQ(LaunchNothing({0}, {32}), cudaErrorInvalidConfiguration);
  EXPECT_EQ(LaunchNothing({1, 65536}, {32}), cudaErrorInvalidConfiguration);
  EXPECT_EQ(cudaPeekAtLastError(), cudaErrorInvalidConfiguration);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidConfiguration);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
  EXPECT_STREQ(cudaGetErrorName(cudaErrorInvalidConfiguration), "cudaErrorInvalidConfiguration");
}

TEST(LaunchChecks, SharedMemoryAboveTheDefaultIsAskedForPerKernel) {
  constexpr int kLimit = 227 * 1024;
  EXPECT_EQ(LaunchNothing({1}, {1}, 48 * 1024), cudaSuccess);
  EXPECT_EQ(LaunchNothing({1}, {1}, 48 * 1024 + 1), cudaErrorInvalidValue);
  const auto attribute = cudaFuncAttributeMaxDynamicSharedMemorySize;
  EXPECT_EQ(cudaFuncSetAttribute(Nothing, attribute, kLimit + 1), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFuncSetAttribute(Nothing, attribute, kLimit), cudaSuccess);
  EXPECT_EQ(LaunchNothing({1}, {1}, kLimit), cudaSuccess);
  EXPECT_EQ(LaunchNothing({1}, {1}, kLimit + 1), cudaErrorInvalidValue);
  EXPECT_EQ(LaunchForTest({1}, {1}, kLimit)(AlsoNothing), cudaErrorInvalidValue);
}

TEST(LaunchChecks, Clusters) {
  EXPECT_EQ(LaunchNothing({16}, {32}, 0, {8}), cudaSuccess);
  EXPECT_EQ(LaunchNothing({15}, {32}, 0, {8}), cudaErrorInvalidClusterSize);
  EXPECT_EQ(LaunchNothing({16}, {32}, 0, {0}), cudaErrorInvalidClusterSize);
  EXPECT_EQ(LaunchNothing({16}, {32}, 0, {16}), cudaErrorInvalidClusterSize);
  EXPECT_EQ(cudaFuncSetAttribute(Nothing, cudaFuncAttributeNonPortableClusterSizeAllowed, 1),
            cudaSuccess);
  EXPECT_EQ(LaunchNothing({16}, {32}, 0, {16}), cudaSuccess);
  SetOptions({.clusters = false});
  EXPECT_EQ(LaunchNothing({16}, {32}, 0, {8}), cudaErrorNotSupported);
  SetOptions({});
}

TEST(Device, AttributesFollowTheOptions) {
  SetOptions({.shared_per_block_optin = 99 * 1024, .clusters = false, .multiprocessors = 7});
  int count = -1, device = -1, value = -1;
  EXPECT_EQ(cudaGetDeviceCount(&count), cudaSuccess);
  EXPECT_EQ(count, 1);
  EXPECT_EQ(cudaGetDevice(&device), cudaSuccess);
  cudaDeviceGetAttribute(&value, cudaDevAttrMaxSharedMemoryPerBlockOptin, device);
  EXPECT_EQ(value, 99 * 1024);
  cudaDeviceGetAttribute(&value, cudaDevAttrClusterLaunch, device);
  EXPECT_EQ(value, 0);
  cudaDeviceGetAttribute(&value, cudaDevAttrMultiProcessorCount, device);
  EXPECT_EQ(value, 7);
  SetOptions({});
}

TEST(Device, MemoryIsCopiedAndSet) {
  int* memory = nullptr;
  ASSERT_EQ(cudaMalloc(&memory, 2 * sizeof(int)), cudaSuccess);
  int copy[2] = {5, 5};
  EXPECT_EQ(cudaMemsetAsync(memory, 0, sizeof(int)), cudaSuccess);
  EXPECT_EQ(cudaMemcpyAsync(copy, memory, sizeof(copy), cudaMemcpyDeviceToHost), cudaSuccess);
  EXPECT_EQ(cudaStreamSynchronize(nullptr), cudaSuccess);
  EXPECT_EQ(copy[0], 0);
  EXPECT_EQ(copy[1], -1) << "was never set";
  EXPECT_EQ(cudaFree(memory), cudaSuccess);
}

// Launches 2 blocks of 64 threads as a cluster; returns the KernelError's text, in any order of
// threads.
template <typename... Parameters>
std::vector<std::string> ErrorsOf(void (*kernel)(Parameters...)) {
  std::vector<std::string> errors;
  for (uint64_t seed = 0; seed < 4; ++seed) {
    SetOptions({.schedule_seed = seed});
    try {
      LaunchForTest({2}, {64}, /*shared_bytes=*/64, {2})(kernel);
      errors.push_back("none");
    } catch (const KernelError& e) {
      errors.push_back(e.what());
    }
  }
  SetOptions({});
  return errors;
}

template <typename... Parameters>
void ExpectError(void (*kernel)(Parameters...), const std::vector<std::string>& parts) {
  for (const std::string& error : ErrorsOf(kernel)) {
    for (const std::string& part : parts) EXPECT_NE(error.find(part), std::string::npos) << error;
  }
}

__global__ void SomeSkipTheBarrier() {
  if (blockIdx.x == 0 || threadIdx.x != 40) __syncthreads();
}

TEST(Deadlock, ThreadExitedBeforeABarrier) {
  ExpectError(SomeSkipTheBarrier,
              {"no thread can go on",
               "block (1,0,0): threads 40 have exited",
               "block (1,0,0): threads 0-39,41-63 wait in __syncthreads at ",
               "checks_test.cc:"});
}

__global__ void DifferentBarriers() {
  if (threadIdx.x < 32) {
    __syncthreads();
  } else {
    __syncthreads();
  }
}

TEST(Deadlock, ThreadsAtDifferentBarriers) {
  ExpectError(DifferentBarriers,
              {"different barriers", "threads 0-31 wait in", "threads 32-63 wait in"});
}

__global__ void BlockSkipsClusterBarrier() {
  if (blockIdx.x == 0) cg::this_cluster().sync();
}

TEST(Deadlock, BlockExitedBeforeAClusterBarrier) {
  ExpectError(BlockSkipsClusterBarrier,
              {"block (0,0,0): threads 0-63 wait in cluster.sync",
               "block (1,0,0): threads 0-63 have exited"});
}

__global__ void LaneExitsBeforeShuffle() {
  if (threadIdx.x == 33) return;
  __shfl_xor_sync(kAllLanes, 1.0f, 1);
}

TEST(Deadlock, LaneExitedBeforeAShuffle) {
  ExpectError(LaneExitsBeforeShuffle,
              {"threads 32,34-63 wait in __shfl_xor_sync mask 0xffffffff", "33 have exited"});
}

__global__ void LanesDiffer() {
  if (threadIdx.x % 2 == 0) {
    __shfl_xor_sync(kAllLanes, 1, 1);
  } else {
    __shfl_down_sync(kAllLanes, 1, 1);
  }
}

TEST(Deadlock, LanesInDifferentShuffles) {
  ExpectError(LanesDiffer, {"wait in __shfl_xor_sync", "wait in __shfl_down_sync"});
}

__global__ void LaneOutsideItsMask() { __syncwarp(threadIdx.x == 3 ? 0x1u : ~0x8u); }

TEST(Misuse, LaneOutsideItsMask) {
  ExpectError(LaneOutsideItsMask, {"block (", "thread (3,0,0) is not in its own mask"});
}

__global__ void Throw() {
  if (blockIdx.x == 1 && threadIdx.x == 7) throw std::runtime_error("no such token");
  __syncthreads();
}

TEST(Misuse, ExceptionsNameTheThread) {
  ExpectError(Throw, {"block (1,0,0) thread (7,0,0): no such token"});
}

__global__ void MapOwnStack() {
  int local = 0;
  *cg::this_cluster().map_shared_rank(&local, 0) = 1;
}

__global__ void MapMissingBlock() {
  cg::this_cluster().map_shared_rank(static_cast<int*>(DynamicShared()), 2);
}

TEST(Misuse, MappingWhatIsNotShared) {
  ExpectError(MapOwnStack, {"not a pointer into this block's shared memory"});
  ExpectError(MapMissingBlock, {"no block of rank 2"});
}

TEST(Misuse, DeviceFunctionsOutsideOfKernels) { EXPECT_THROW(__syncthreads(), KernelError); }

// Block 1 is gone when block 0 reads its memory, at least in some orders.
__global__ void ReadsMemoryOfExitedBlock(int* sum) {
  auto* shared = static_cast<int*>(DynamicShared());
  if (threadIdx.x == 0) *shared = 1;
  cg::this_cluster().sync();
  if (blockIdx.x == 1) return;
  __syncthreads();
  if (threadIdx.x == 0) *sum = *cg::this_cluster().map_shared_rank(shared, 1);
}

TEST(Misuse, MemoryOfAnExitedBlockIsGarbage) {
  if (kAddressSanitizer || kThreadSanitizer) GTEST_SKIP() << "the sanitizer stops here";
  int sum = 0;
  ASSERT_EQ(LaunchForTest({2}, {64}, 64, {2})(ReadsMemoryOfExitedBlock, &sum), cudaSuccess);
  EXPECT_EQ(sum, -1);
}

TEST(Misuse, AFailedLaunchLeavesTheExecutorUsable) {
  for (int i = 0; i < 3; ++i) EXPECT_THROW(LaunchForTest({2}, {64})(Throw), KernelError);
  EXPECT_EQ(LaunchNothing({4}, {256}), cudaSuccess);
}

}  // namespace
}  // namespace restem_host_cuda
