#include "executor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <vector>

#include "cooperative_groups.h"
#include "cuda_bf16.h"
#include "cuda_runtime.h"
#include "launch_for_test.h"
#include "sanitizers.h"

namespace restem_host_cuda {
namespace {

namespace cg = cooperative_groups;

constexpr unsigned kAllLanes = 0xFFFFFFFFu;

struct alignas(16) Vector {
  float values[4];
};

struct Moments {
  float sum, squares, least, most;
};

Moments Merge(const Moments& a, const Moments& b) {
  return {a.sum + b.sum, a.squares + b.squares, fminf(a.least, b.least), fmaxf(a.most, b.most)};
}

Moments MergeInWarp(Moments m) {
  for (int lane_mask = 16; lane_mask > 0; lane_mask /= 2) {
    m = Merge(m,
              {__shfl_xor_sync(kAllLanes, m.sum, lane_mask),
               __shfl_xor_sync(kAllLanes, m.squares, lane_mask),
               __shfl_xor_sync(kAllLanes, m.least, lane_mask),
               __shfl_xor_sync(kAllLanes, m.most, lane_mask)});
  }
  return m;
}

// One row per cluster: each block takes a part, threads read vectors, warps merge, then blocks do.
__global__ void __launch_bounds__(512)
    RowMoments(const float* __restrict__ rows, int row_size, Moments* result) {
  const cg::cluster_group cluster = cg::this_cluster();
  Moments* of_warp = static_cast<Moments*>(DynamicShared());
  const unsigned num_warps = blockDim.x / warpSize;
  Moments* of_block = of_warp + num_warps;

  const unsigned row = blockIdx.x / cluster.num_blocks();
  const auto* vectors = reinterpret_cast<const Vector*>(rows + size_t{row} * row_size);
  Moments m = {0, 0, INFINITY, -INFINITY};
  for (int i = cluster.block_rank() * blockDim.x + threadIdx.x; i < row_size / 4;
       i += blockDim.x * cluster.num_blocks()) {
    const Vector vector = vectors[i];
    for (const float value : vector.values) m = Merge(m, {value, value * value, value, value});
  }
  m = MergeInWarp(m);
  if (threadIdx.x % warpSize == 0) of_warp[threadIdx.x / warpSize] = m;
  __syncthreads();
  if (threadIdx.x == 0) {
    for (unsigned warp = 1; warp < num_warps; ++warp) m = Merge(m, of_warp[warp]);
    *of_block = m;
  }
  cluster.sync();
  if (cluster.block_rank() == 0 && threadIdx.x == 0) {
    for (unsigned rank = 1; rank < cluster.num_blocks(); ++rank) {
      m = Merge(m, *cluster.map_shared_rank(of_block, rank));
    }
    result[row] = m;
  }
  cluster.sync();
}

void ExpectRowMoments(unsigned cluster_blocks, unsigned threads, int row_size) {
  constexpr int kRows = 3;
  std::vector<float> rows(kRows * row_size);
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<float>(i * 37 % 101) - 50;
  std::vector<Moments> result(kRows);
  LaunchForTest launch(
      {kRows * cluster_blocks}, {threads}, (threads / 32 + 1) * sizeof(Moments), {cluster_blocks});
  ASSERT_EQ(launch(RowMoments, rows.data(), row_size, result.data()), cudaSuccess);
  for (int row = 0; row < kRows; ++row) {
    Moments expected = {0, 0, INFINITY, -INFINITY};
    for (int i = 0; i < row_size; ++i) {
      const float value = rows[row * row_size + i];
      expected = Merge(expected, {value, value * value, value, value});
    }
    // Small whole numbers: sums are exact in any order.
    EXPECT_EQ(result[row].sum, expected.sum);
    EXPECT_EQ(result[row].squares, expected.squares);
    EXPECT_EQ(result[row].least, expected.least);
    EXPECT_EQ(result[row].most, expected.most);
  }
}

class Schedules : public testing::TestWithParam<uint64_t> {
 protected:
  void SetUp() override { SetOptions({.schedule_seed = GetParam()}); }
  void TearDown() override { SetOptions({}); }
};

INSTANTIATE_TEST_SUITE_P(Seeds, Schedules, testing::Values(0, 1, 2, 3));

TEST_P(Schedules, BlockReduction) {
  ExpectRowMoments(/*cluster_blocks=*/1, /*threads=*/512, /*row_size=*/4100);
}

TEST_P(Schedules, ClusterReduction) {
  ExpectRowMoments(/*cluster_blocks=*/2, /*threads=*/64, /*row_size=*/1028);
  ExpectRowMoments(/*cluster_blocks=*/8, /*threads=*/128, /*row_size=*/512);
}

TEST(Clusters, OfTheLargestSize) {
  if (kThreadSanitizer) GTEST_SKIP() << "ThreadSanitizer has no room for 8192 threads";
  ExpectRowMoments(/*cluster_blocks=*/8, /*threads=*/1024, /*row_size=*/10000);
}

__global__ void ShuffleKinds(int* up, int* down, int* from, int* across, double* wide) {
  const int lane = threadIdx.x;
  up[lane] = __shfl_up_sync(kAllLanes, lane, 3);
  down[lane] = __shfl_down_sync(kAllLanes, lane, 3, 8);
  from[lane] = __shfl_sync(kAllLanes, lane, 9, 8);
  across[lane] = __shfl_xor_sync(kAllLanes, lane, 12, 8);
  wide[lane] = __shfl_sync(kAllLanes, 0.1 * lane, 31 - lane);
}

TEST_P(Schedules, ShufflesReadTheLaneThatCudaDefines) {
  std::vector<int> up(32), down(32), from(32), across(32);
  std::vector<double> wide(32);
  LaunchForTest launch({1}, {32});
  ASSERT_EQ(launch(ShuffleKinds, up.data(), down.data(), from.data(), across.data(), wide.data()),
            cudaSuccess);
  for (int lane = 0; lane < 32; ++lane) {
    const int segment = lane / 8 * 8;
    EXPECT_EQ(up[lane], lane < 3 ? lane : lane - 3);
    EXPECT_EQ(down[lane], lane + 3 < segment + 8 ? lane + 3 : lane);
    EXPECT_EQ(from[lane], segment + 1);
    EXPECT_EQ(across[lane], (lane ^ 12) < segment + 8 ? lane ^ 12 : lane);
    EXPECT_EQ(wide[lane], 0.1 * (31 - lane));
  }
}

// Halves of a warp vote apart; lanes 40 to 63 of the second warp do not exist.
__global__ void Votes(unsigned* ballot, int* any, int* all, unsigned* missing_lane) {
  const int lane = threadIdx.x % warpSize;
  const unsigned half = lane < 16 ? 0xFFFFu : 0xFFFF0000u;
  if (lane < 16) {
    ballot[threadIdx.x] = __ballot_sync(half, lane % 2);
  } else {
    ballot[threadIdx.x] = __ballot_sync(half, lane == 20);
  }
  any[threadIdx.x] = __any_sync(half, lane == 20);
  all[threadIdx.x] = __all_sync(half, lane < 16);
  missing_lane[threadIdx.x] = __shfl_sync(kAllLanes, 7u, 8);
}

TEST_P(Schedules, VotesCountTheLanesOfTheMask) {
  std::vector<unsigned> ballot(40), missing_lane(40);
  std::vector<int> any(40), all(40);
  LaunchForTest launch({1}, {40});
  ASSERT_EQ(launch(Votes, ballot.data(), any.data(), all.data(), missing_lane.data()), cudaSuccess);
  EXPECT_EQ(ballot[5], 0xAAAAu);
  EXPECT_EQ(ballot[25], 1u << 20);
  EXPECT_EQ(ballot[39], 0xAAu);
  EXPECT_EQ(any[5], 0);
  EXPECT_EQ(any[25], 1);
  EXPECT_EQ(all[5], 1);
  EXPECT_EQ(all[25], 0);
  EXPECT_EQ(all[39], 1);
  EXPECT_EQ(missing_lane[5], 7u);
  EXPECT_EQ(missing_lane[39], kAllLanes);
}

struct Counters {
  int sum, most, least, taken;
  unsigned tickets;
  float float_sum;
};

__global__ void Count(Counters* counters, int* ticket_of) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  atomicAdd(&counters->sum, i);
  atomicMax(&counters->most, i);
  atomicMin(&counters->least, i);
  atomicCAS(&counters->taken, -1, i);
  atomicAdd(&counters->float_sum, 1.0f);
  ticket_of[i] = atomicAdd(&counters->tickets, 1u);
}

TEST_P(Schedules, Atomics) {
  constexpr int kThreads = 4 * 96;
  Counters counters = {};
  counters.most = counters.taken = -1;
  counters.least = kThreads;
  std::vector<int> ticket_of(kThreads);
  LaunchForTest launch({4}, {96});
  ASSERT_EQ(launch(Count, &counters, ticket_of.data()), cudaSuccess);
  EXPECT_EQ(counters.sum, kThreads * (kThreads - 1) / 2);
  EXPECT_EQ(counters.most, kThreads - 1);
  EXPECT_EQ(counters.least, 0);
  EXPECT_TRUE(counters.taken >= 0 && counters.taken < kThreads);
  EXPECT_EQ(counters.float_sum, kThreads);
  const bool in_order = std::is_sorted(ticket_of.begin(), ticket_of.end());
  EXPECT_EQ(in_order, GetParam() == 0) << "the seed must change the order";
  std::sort(ticket_of.begin(), ticket_of.end());
  for (int i = 0; i < kThreads; ++i) ASSERT_EQ(ticket_of[i], i);
}

// A step that waits for its predecessor's, across warps: wrong in most orders if a barrier is
// ignored.
__global__ void PrefixSum(const int* values, int* sums) {
  int* shared = static_cast<int*>(DynamicShared());
  const unsigned i = threadIdx.x;
  shared[i] = values[i];
  __syncthreads();
  for (unsigned distance = 1; distance < blockDim.x; distance *= 2) {
    const int before = i >= distance ? shared[i - distance] : 0;
    __syncthreads();
    shared[i] += before;
    __syncthreads();
  }
  sums[i] = shared[i];
}

TEST_P(Schedules, PrefixSum) {
  constexpr int kThreads = 200;
  std::vector<int> values(kThreads), sums(kThreads), expected(kThreads);
  for (int i = 0; i < kThreads; ++i) values[i] = i * i % 31;
  std::partial_sum(values.begin(), values.end(), expected.begin());
  LaunchForTest launch({1}, {kThreads}, kThreads * sizeof(int));
  ASSERT_EQ(launch(PrefixSum, values.data(), sums.data()), cudaSuccess);
  EXPECT_EQ(sums, expected);
}

__global__ void WriteIndices(int* seen) {
  const unsigned block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
  const unsigned thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
  const unsigned threads = blockDim.x * blockDim.y * blockDim.z;
  seen[block * threads + thread] = cg::this_cluster().block_rank() * 1000 + thread;
  if (cg::this_thread_block().thread_rank() != thread) throw std::logic_error("thread_rank");
}

TEST_P(Schedules, IndicesInThreeDimensions) {
  const dim3 grid(4, 2, 3), block(5, 3, 2), cluster(2, 2, 1);
  std::vector<int> seen(24 * 30, -1);
  LaunchForTest launch(grid, block, /*shared_bytes=*/0, cluster);
  ASSERT_EQ(launch(WriteIndices, seen.data()), cudaSuccess);
  for (int i = 0; i < 24 * 30; ++i) {
    const int x = i / 30 % 4, y = i / 30 / 4 % 2;
    EXPECT_EQ(seen[i], (x % 2 + y % 2 * 2) * 1000 + i % 30);
  }
}

__global__ void ReadFreshShared(float* value, int* misaligned) {
  auto* shared = static_cast<float*>(DynamicShared());
  *misaligned += reinterpret_cast<uintptr_t>(shared) % 128 != 0;
  value[blockIdx.x] = shared[2];
  shared[2] = 1;
}

TEST(SharedMemory, IsNanBeforeItIsWritten) {
  std::vector<float> value(5, 0.0f);
  int misaligned = 0;
  for (unsigned block = 0; block < value.size(); ++block) {
    LaunchForTest launch({1}, {1}, 3 * sizeof(float));
    ASSERT_EQ(launch(ReadFreshShared, &value[block], &misaligned), cudaSuccess);
    EXPECT_TRUE(std::isnan(value[block]));
  }
  EXPECT_EQ(misaligned, 0);
}

TEST(Bfloat16, RoundsToNearestEven) {
  const auto round = [](float x) { return __bfloat162float(__float2bfloat16(x)); };
  EXPECT_EQ(round(1.0f), 1.0f);
  EXPECT_EQ(round(1.0f + 0x1p-8f), 1.0f);             // a tie, to even
  EXPECT_EQ(round(1.0f + 3 * 0x1p-8f), 1 + 0x1p-6f);  // a tie, to even
  EXPECT_EQ(round(1.0f + 0x1.01p-8f), 1.0f + 0x1p-7f);
  EXPECT_EQ(round(-0x1.FFp127f), -INFINITY);
  EXPECT_EQ(round(0x1p-133f), 0x1p-133f);
  EXPECT_TRUE(std::isnan(round(__uint_as_float(0x7F800001u))));
  EXPECT_TRUE(std::signbit(round(-0.0f)));
}

}  // namespace
}  // namespace restem_host_cuda
