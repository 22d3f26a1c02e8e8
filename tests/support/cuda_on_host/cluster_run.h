// The blocks of one cluster while they run: who is ready, who waits for what, and what happens when
// all have come.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "executor.h"
#include "fiber.h"

namespace restem_host_cuda {

struct Block;
class ClusterRun;

enum class ThreadState { kReady, kWaiting, kExited };

struct Thread {
  ClusterRun* run;
  Block* block;
  unsigned rank;  // in its block
  ThreadState state = ThreadState::kReady;
  Request request = {Operation::kYield, {}};
  uint64_t result = 0;
  bool has_failed = false;
  std::string exception;  // what left the kernel, if it has failed
  std::vector<PendingCopy> pending_copies;
  std::unique_ptr<Fiber> fiber;
};

// A block's dynamic shared memory: exactly `bytes`, so that AddressSanitizer knows its end.
class SharedMemory {
 public:
  explicit SharedMemory(size_t bytes);
  ~SharedMemory();
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  // The block has exited: from here on other blocks must not touch it.
  void retire();
  char* data() const { return data_; }
  size_t size() const { return bytes_; }

 private:
  size_t bytes_;
  char* data_ = nullptr;
};

struct Block {
  Block(uint3 own_index, unsigned own_rank, size_t shared_bytes)
      : index(own_index), rank(own_rank), shared(shared_bytes) {}

  uint3 index;
  unsigned rank;  // in its cluster
  SharedMemory shared;
  std::vector<std::unique_ptr<Thread>> threads;
  unsigned alive = 0;
  unsigned at_barrier = 0;
  uint64_t exit_token = 0;
};

class ClusterRun {
 public:
  // `first` is the cluster's block with the lowest index. `end_token` is the launch's end to
  // ThreadSanitizer. `random` is null for the plain order.
  ClusterRun(const LaunchShape& shape,
             uint3 first,
             const std::function<void()>& kernel,
             std::mt19937_64* random,
             void* end_token);
  ~ClusterRun();

  void run();  // Throws KernelError.

  const LaunchShape& shape() const { return shape_; }
  const std::function<void()>& kernel() const { return kernel_; }
  const std::vector<std::unique_ptr<Block>>& blocks() const { return blocks_; }
  bool draws_schedule() const { return random_ != nullptr; }

 private:
  void add_threads(Block* block);
  Thread* next_ready();
  void settle(Thread* thread);
  void exit_thread(Thread* thread);
  void arrive_at_block_barrier(Block* block);
  void arrive_at_cluster_barrier();
  void arrive_at_warp(Thread* thread);
  void complete(const std::vector<Thread*>& met);

  const LaunchShape shape_;
  const std::function<void()>& kernel_;
  std::mt19937_64* random_;
  void* end_token_;
  uint64_t start_token_ = 0;
  std::vector<std::unique_ptr<Block>> blocks_;
  std::deque<Thread*> ready_;
  unsigned alive_ = 0;
  unsigned at_barrier_ = 0;
};

// "block (1,0,0) thread (5,0,0)"
std::string NameOf(const Thread& thread);
// Who waits for what and who has exited, block by block.
std::string DescribeStall(const ClusterRun& run);

// The lanes of `thread`'s warp that exist.
unsigned ExistingLanes(const Thread& thread);
// Sets the results of a warp operation. `met` are those in the mask that exist.
void ExchangeInWarp(const std::vector<Thread*>& met);
void MultiplyInWarp(const std::vector<Thread*>& met);

}  // namespace restem_host_cuda
