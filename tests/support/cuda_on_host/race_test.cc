// ThreadSanitizer must see what CUDA leaves unordered, in every order of threads, and nothing else:
// all tests of this folder run under it too.
#include <gtest/gtest.h>

#include "cooperative_groups.h"
#include "cuda_runtime.h"
#include "launch_for_test.h"
#include "sanitizers.h"

#if defined(__SANITIZE_THREAD__)
extern "C" const char* __tsan_default_options() { return "halt_on_error=1"; }
#endif

namespace restem_host_cuda {
namespace {

namespace cg = cooperative_groups;

constexpr unsigned kAllLanes = 0xFFFFFFFFu;

int* Shared() { return static_cast<int*>(DynamicShared()); }

// Each thread reads what another wrote; a barrier between, or none.
__global__ void ReadOther(int* out, bool has_barrier) {
  const unsigned i = threadIdx.x;
  Shared()[i] = i;
  if (has_barrier) __syncthreads();
  const int other = Shared()[blockDim.x - 1 - i];
  if (has_barrier) __syncthreads();
  out[blockIdx.x * blockDim.x + i] = other;
}

// Writes again after reading; the second barrier keeps the readers from the next write.
__global__ void WriteAgain(int* out, bool has_barrier) {
  const unsigned i = threadIdx.x;
  Shared()[i] = i;
  __syncthreads();
  const int other = Shared()[blockDim.x - 1 - i];
  if (has_barrier) __syncthreads();
  Shared()[i] = other;
  out[blockIdx.x * blockDim.x + i] = other;
}

__global__ void WarpExchange(int* out, bool has_barrier) {
  const unsigned i = threadIdx.x;
  Shared()[i] = i;
  if (has_barrier) {
    __syncwarp();
  } else {
    __shfl_sync(kAllLanes, 0, 0);
    __any_sync(kAllLanes, 1);
  }
  out[blockIdx.x * blockDim.x + i] = Shared()[i ^ 1];
}

// Halves that synchronise each for themselves are not ordered with each other.
__global__ void HalfWarps(int* out, bool is_full) {
  const unsigned i = threadIdx.x;
  const unsigned lane = i % warpSize;
  Shared()[i] = i;
  __syncwarp(is_full ? kAllLanes : lane < 16 ? 0xFFFFu : 0xFFFF0000u);
  out[blockIdx.x * blockDim.x + i] = Shared()[i ^ 16];
}

__global__ void ClusterExchange(int* out, bool has_barrier) {
  const auto cluster = cg::this_cluster();
  const unsigned i = threadIdx.x;
  Shared()[i] = i;
  if (has_barrier) {
    cluster.sync();
  } else {
    __syncthreads();
  }
  const int other = cluster.map_shared_rank(Shared(), 1 - cluster.block_rank())[i];
  cluster.sync();
  out[blockIdx.x * blockDim.x + i] = other;
}

__global__ void ExitAfterExchange(int* out, bool has_barrier) {
  const auto cluster = cg::this_cluster();
  const unsigned i = threadIdx.x;
  Shared()[i] = i;
  cluster.sync();
  out[blockIdx.x * blockDim.x + i] = cluster.map_shared_rank(Shared(), 1 - cluster.block_rank())[i];
  if (has_barrier) cluster.sync();
}

// All blocks add to one place, the same thread of each.
__global__ void BlocksAdd(int* out, bool is_atomic) {
  if (threadIdx.x != 0) return;
  if (is_atomic) {
    atomicAdd(out, 1);
  } else {
    *out += 1;
  }
}

// A counter says that the data is there, but orders nothing.
__global__ void AtomicFlag(int* out, bool has_barrier) {
  int* flag = Shared() + 64;
  if (threadIdx.x == 0) *flag = 0;
  __syncthreads();
  if (threadIdx.x == 0) Shared()[0] = 5;
  atomicAdd(flag, 1);
  if (has_barrier) __syncthreads();
  if (threadIdx.x == 63) out[blockIdx.x] = Shared()[0];
}

using Kernel = void (*)(int*, bool);

// 4 blocks of 64 threads in clusters of 2, twice, with the host in between.
void LaunchTwice(Kernel kernel, bool is_right, uint64_t seed) {
  SetOptions({.schedule_seed = seed});
  std::vector<int> out(4 * 64);
  for (int i = 0; i < 2; ++i) {
    LaunchForTest({4}, {64}, /*shared_bytes=*/65 * sizeof(int), {2})(kernel, out.data(), is_right);
    out[0] += 1;
  }
  SetOptions({});
}

class RacesDeathTest : public testing::TestWithParam<Kernel> {};

INSTANTIATE_TEST_SUITE_P(Kernels,
                         RacesDeathTest,
                         testing::Values(ReadOther,
                                         WriteAgain,
                                         WarpExchange,
                                         HalfWarps,
                                         ClusterExchange,
                                         ExitAfterExchange,
                                         BlocksAdd,
                                         AtomicFlag));

TEST_P(RacesDeathTest, NoneWithTheBarrier) {
  for (uint64_t seed = 0; seed < 4; ++seed) LaunchTwice(GetParam(), /*is_right=*/true, seed);
}

TEST_P(RacesDeathTest, OneWithoutTheBarrier) {
  if (!kThreadSanitizer) GTEST_SKIP() << "built without ThreadSanitizer";
  for (uint64_t seed = 0; seed < 2; ++seed) {
    EXPECT_EXIT(LaunchTwice(GetParam(), /*is_right=*/false, seed),
                testing::ExitedWithCode(66),
                "data race");
  }
}

}  // namespace
}  // namespace restem_host_cuda
