#include "cluster_run.h"

#include <cstdlib>
#include <cstring>
#include <new>

uint3 threadIdx;
uint3 blockIdx;
dim3 blockDim;
dim3 gridDim;
const int warpSize = 32;

namespace restem_host_cuda {
namespace {

constexpr size_t kSharedAlignment = 128;
constexpr int kGarbage = 0xFF;

uint3 IndexIn(const dim3& shape, unsigned rank) {
  return {rank % shape.x, rank / shape.x % shape.y, rank / (shape.x * shape.y)};
}

// By member, since copying a whole struct could be a call that ThreadSanitizer does see.
RESTEM_UNSEEN_BY_TSAN void SetIndices(const Thread* thread) {
  const LaunchShape& shape = thread->run->shape();
  const uint3 thread_index = IndexIn(shape.block, thread->rank);
  const uint3 block_index = thread->block->index;
  threadIdx.x = thread_index.x, threadIdx.y = thread_index.y, threadIdx.z = thread_index.z;
  blockIdx.x = block_index.x, blockIdx.y = block_index.y, blockIdx.z = block_index.z;
  blockDim.x = shape.block.x, blockDim.y = shape.block.y, blockDim.z = shape.block.z;
  gridDim.x = shape.grid.x, gridDim.y = shape.grid.y, gridDim.z = shape.grid.z;
}

RESTEM_UNSEEN_BY_TSAN void SetFailed(Thread* thread) { thread->has_failed = true; }

void RunThread(void* argument) {
  auto* thread = static_cast<Thread*>(argument);
  try {
    thread->run->kernel()();
  } catch (const std::exception& e) {
    thread->exception = e.what();
    SetFailed(thread);
  } catch (...) {
    thread->exception = "an exception that is not a std::exception";
    SetFailed(thread);
  }
}

// Only barriers order memory; CUDA promises nothing of the kind for shuffles and votes.
bool OrdersMemory(Operation operation) {
  return operation == Operation::kSyncThreads || operation == Operation::kSyncCluster ||
         operation == Operation::kSyncWarp;
}

// Each of `met` knows what all of them did before. The token is new each time, for with an old one
// a thread that is slow to wake would also learn what the others did after.
void OrderAtBarrier(const std::vector<Thread*>& met) {
  if (!kThreadSanitizer) return;
  auto token = std::make_unique<uint64_t>();
  for (Thread* thread : met) thread->fiber->act_as([&] { ReleaseClock(token.get()); });
  for (Thread* thread : met) thread->fiber->act_as([&] { AcquireClock(token.get()); });
}

void RequireSameSite(const std::vector<Thread*>& met) {
  const Site& first = met[0]->request.site;
  for (const Thread* thread : met) {
    const Site& site = thread->request.site;
    if (site.line == first.line && std::strcmp(site.file, first.file) == 0) continue;
    throw KernelError("threads meet at different barriers:\n" + DescribeStall(*thread->run));
  }
}

}  // namespace

SharedMemory::SharedMemory(size_t bytes) : bytes_(bytes) {
  if (bytes == 0) return;
  void* memory = nullptr;
  if (posix_memalign(&memory, kSharedAlignment, bytes) != 0) throw std::bad_alloc();
  data_ = static_cast<char*>(memory);
  std::memset(data_, kGarbage, bytes_);
}

SharedMemory::~SharedMemory() {
  ASAN_UNPOISON_MEMORY_REGION(data_, bytes_);
  std::free(data_);
}

void SharedMemory::retire() {
  if (bytes_ == 0) return;
  std::memset(data_, kGarbage, bytes_);
  ASAN_POISON_MEMORY_REGION(data_, bytes_);
}

ClusterRun::ClusterRun(const LaunchShape& shape,
                       uint3 first,
                       const std::function<void()>& kernel,
                       std::mt19937_64* random,
                       void* end_token)
    : shape_(shape), kernel_(kernel), random_(random), end_token_(end_token) {
  const dim3& cluster = shape_.cluster;
  for (unsigned rank = 0; rank < cluster.x * cluster.y * cluster.z; ++rank) {
    const uint3 offset = IndexIn(cluster, rank);
    const uint3 index = {first.x + offset.x, first.y + offset.y, first.z + offset.z};
    blocks_.push_back(std::make_unique<Block>(index, rank, shape_.shared_bytes));
  }
  for (const auto& block : blocks_) add_threads(block.get());
  // Only what is done up to here is known to the threads.
  ReleaseClock(&start_token_);
  for (Thread* thread : ready_) thread->fiber->act_as([&] { AcquireClock(&start_token_); });
}

void ClusterRun::add_threads(Block* block) {
  const unsigned num_threads = shape_.block.x * shape_.block.y * shape_.block.z;
  for (unsigned i = 0; i < num_threads; ++i) {
    block->threads.push_back(std::make_unique<Thread>());
    Thread* thread = block->threads.back().get();
    thread->run = this;
    thread->block = block;
    thread->rank = i;
    thread->fiber = std::make_unique<Fiber>(&RunThread, thread);
    ready_.push_back(thread);
  }
  block->alive = num_threads;
  alive_ += num_threads;
}

ClusterRun::~ClusterRun() {
  // From the last thread to the first: ThreadSanitizer gives the numbers of fibers that end to the
  // next ones. Those must not get that of the thread that had their place in an earlier block, or
  // the two would seem to be one.
  for (const auto& block : blocks_) {
    while (!block->threads.empty()) {
      block->threads.back()->fiber->act_as([&] { ReleaseClock(end_token_); });
      block->threads.pop_back();
    }
  }
}

void ClusterRun::run() {
  while (alive_ > 0) {
    Thread* thread = next_ready();
    if (!thread) throw KernelError("no thread can go on:\n" + DescribeStall(*this));
    SetIndices(thread);
    thread->fiber->resume();
    settle(thread);
  }
}

Thread* ClusterRun::next_ready() {
  if (ready_.empty()) return nullptr;
  if (random_) std::swap(ready_.front(), ready_[(*random_)() % ready_.size()]);
  Thread* thread = ready_.front();
  ready_.pop_front();
  return thread;
}

void ClusterRun::settle(Thread* thread) {
  if (thread->fiber->finished()) return exit_thread(thread);
  if (thread->request.operation == Operation::kYield) return ready_.push_back(thread);

  thread->state = ThreadState::kWaiting;
  switch (thread->request.operation) {
    case Operation::kSyncThreads:
      return arrive_at_block_barrier(thread->block);
    case Operation::kSyncCluster:
      return arrive_at_cluster_barrier();
    default:
      return arrive_at_warp(thread);
  }
}

void ClusterRun::exit_thread(Thread* thread) {
  thread->state = ThreadState::kExited;
  if (thread->has_failed) {
    thread->fiber->act_as([&] { ReleaseClock(end_token_); });
    AcquireClock(end_token_);
    throw KernelError(NameOf(*thread) + ": " + thread->exception);
  }
  --alive_;
  Block* block = thread->block;
  thread->fiber->act_as([&] { ReleaseClock(&block->exit_token); });
  if (--block->alive > 0) return;
  // In the name of a thread that knows all that its block did, and nothing else: whichever other
  // block touches this memory without a cluster.sync() afterwards races with this.
  thread->fiber->act_as([&] {
    AcquireClock(&block->exit_token);
    block->shared.retire();
  });
}

void ClusterRun::arrive_at_block_barrier(Block* block) {
  // Of all threads, also those that have exited: that some GPUs go on without them is not to be
  // relied on.
  if (++block->at_barrier < block->threads.size()) return;
  block->at_barrier = 0;
  std::vector<Thread*> met;
  for (const auto& thread : block->threads) met.push_back(thread.get());
  complete(met);
}

void ClusterRun::arrive_at_cluster_barrier() {
  if (++at_barrier_ < blocks_.size() * blocks_[0]->threads.size()) return;
  at_barrier_ = 0;
  std::vector<Thread*> met;
  for (const auto& block : blocks_) {
    for (const auto& thread : block->threads) met.push_back(thread.get());
  }
  complete(met);
}

void ClusterRun::arrive_at_warp(Thread* thread) {
  const Request& request = thread->request;
  const unsigned lane = thread->rank % warpSize;
  if (!(request.mask >> lane & 1)) {
    throw KernelError(NameOf(*thread) + " is not in its own mask:\n" + DescribeStall(*this));
  }
  const unsigned lanes = request.mask & ExistingLanes(*thread);
  const auto* warp = &thread->block->threads[thread->rank - lane];
  for (unsigned i = 32; i-- > 0;) {  // the last lane is often the last to come
    if (!(lanes >> i & 1)) continue;
    const Thread& other = *warp[i];
    const bool has_come = other.state == ThreadState::kWaiting &&
                          other.request.operation == request.operation &&
                          other.request.mask == request.mask;
    if (!has_come) return;
  }
  std::vector<Thread*> met;
  met.reserve(32);
  for (unsigned i = 0; i < 32; ++i) {
    if (lanes >> i & 1) met.push_back(warp[i].get());
  }
  ExchangeInWarp(met);
  complete(met);
}

void ClusterRun::complete(const std::vector<Thread*>& met) {
  const Operation operation = met[0]->request.operation;
  if (operation == Operation::kSyncThreads || operation == Operation::kSyncCluster) {
    RequireSameSite(met);
  }
  if (OrdersMemory(operation)) OrderAtBarrier(met);
  for (Thread* thread : met) {
    thread->state = ThreadState::kReady;
    ready_.push_back(thread);
  }
}

}  // namespace restem_host_cuda
