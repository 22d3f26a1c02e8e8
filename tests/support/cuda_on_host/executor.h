// Runs CUDA kernels on the CPU, so that their arithmetic, indexing and synchronisation are tested
// without a GPU, and under sanitizers. `.cu` files compile unchanged, as C++17 or later, with this
// folder first on the include path:
//
//     g++ -std=c++20 -x c++ -Itests/support/cuda_on_host -I. -c kernels/foo.cu
//
// and are linked with this folder's .cc files. Kernels are launched by cudaLaunchKernelEx, which
// returns when the grid is done. Every CUDA thread is a fiber; clusters run in turn, the blocks of
// one cluster together, all on one OS thread.
//
// What is checked:
//  - Launches fail with an error, as on a GPU: block, grid and cluster sizes, shared memory above
//    the limit.
//  - KernelError, thrown by the launch, names block and thread: threads that wait for each other or
//    for one that has exited; threads of a block at different __syncthreads; a lane outside its own
//    mask; map_shared_rank of a pointer that is not into shared memory; an exception that left a
//    thread. A failed launch leaves memory half written.
//  - Shared memory (DynamicShared()) and cudaMalloc's hold 0xFF bytes at first: NaN, -1. The shared
//    memory of a block that has exited holds them again, to catch a cluster that does not wait
//    before it exits. Lanes outside the mask, or that do not exist, give them to a shuffle too.
//  - AddressSanitizer sees exact bounds: each block's shared memory is a heap allocation of the
//    size asked for. (Its warning about swapcontext is of no importance.)
//  - ThreadSanitizer sees each CUDA thread as a thread. __syncthreads, cluster.sync and __syncwarp
//    order those that meet there, and a launch is ordered with all before and after it. Shuffles,
//    votes and atomics order nothing, as in CUDA. So a missing barrier is a data race, whatever the
//    schedule; also between blocks of one grid. It costs 1 ms and 0.8 MB for each thread of a
//    launch, less for the first 2048 of all launches but the first, and has no room for clusters of
//    more than some 5900 threads.
//
// Options::schedule_seed varies the order in which threads and clusters run; atomics are then
// points of change too.
//
// Streams but the null stream do their work as late as they may (streams.h), so a missing wait of
// the host shows; graphs are captured and launched.
//
// Not covered: `__shared__` variables, `__constant__`, <<<>>>, textures, waits of one stream for
// another, cooperative grids and grid.sync, memory fences, waiting for another thread by polling
// memory (it would never end), tensor cores but the product of tensor_cores.h, TMA, asynchronous
// copies but those of <cuda_pipeline.h>, mbarriers, named barriers, tiles of cooperative groups,
// __activemask and warp-synchronous code without _sync functions, flushed denormals, contraction to
// FMA, the error of __expf and its like (they are libm's here), registers and occupancy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <vector>

#include "vector_types.h"

// Written by the executor whenever another fiber goes on. Not const, for a compiler may keep the
// value of a constant.
extern uint3 threadIdx;
extern uint3 blockIdx;
extern dim3 blockDim;
extern dim3 gridDim;
extern const int warpSize;

namespace restem_host_cuda {

struct Options {
  // 0: threads go on in the order in which they can. Else: in an order drawn with this seed, and
  // clusters likewise.
  uint64_t schedule_seed = 0;
  // cudaDevAttrMaxSharedMemoryPerBlockOptin, bytes.
  size_t shared_per_block_optin = 227 * 1024;
  // cudaDevAttrClusterLaunch. If false, a launch with clusters fails.
  bool clusters = true;
  // cudaDevAttrMultiProcessorCount.
  int multiprocessors = 4;
};

const Options& GetOptions();
void SetOptions(const Options& options);

class KernelError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct LaunchShape {
  dim3 grid;     // blocks; in each direction a multiple of `cluster`
  dim3 block;    // threads
  dim3 cluster;  // blocks
  size_t shared_bytes = 0;
};

// Calls `kernel` once as each thread of the grid. Throws KernelError.
void RunGrid(const LaunchShape& shape, const std::function<void()>& kernel);

// What follows is for kernels: the running thread's view of the machine.

// A place in the source, for messages, and to tell one barrier from another.
struct Site {
  const char* file = "";
  int line = 0;
  static constexpr Site Here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return {file, line};
  }
};

enum class Operation {
  kYield,
  kSyncThreads,
  kSyncCluster,
  kSyncWarp,
  kShuffle,
  kShuffleUp,
  kShuffleDown,
  kShuffleXor,
  kBallot,
  kAny,
  kAll,
  kMultiply,
};

struct LaneOfProduct;  // tensor_cores.h

// What a thread stops for.
struct Request {
  Operation operation;
  Site site;
  unsigned mask = 0;   // of lanes; warp operations
  uint64_t value = 0;  // what this thread gives; for votes 0 or 1
  int argument = 0;    // source lane, offset or lane mask of a shuffle
  int width = 32;      // of a shuffle's segments, lanes
  LaneOfProduct* product = nullptr;
};

// Stops until all that have to meet have come. The result is the shuffled value or the vote, or
// nothing of interest.
uint64_t Meet(const Request& request);
// A point at which a drawn schedule may go on with another thread.
void MayYield();

// The running block's dynamic shared memory, aligned to 128 bytes; null if it has none.
void* DynamicShared();
// Where `pointer` into this block's shared memory is in that of the cluster's block `rank`.
void* SharedOfRank(const volatile void* pointer, unsigned rank);
unsigned ClusterRank();
unsigned ClusterBlocks();
unsigned ThreadRank();  // in its block

// A copy into shared memory that was asked for and has not been waited for.
struct PendingCopy {
  void* destination;
  const void* source;
  size_t bytes;
};
std::vector<PendingCopy>& PendingCopies();  // the running thread's

}  // namespace restem_host_cuda
