#include "executor.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <numeric>
#include <random>
#include <vector>

#include "cluster_run.h"

namespace restem_host_cuda {
namespace {

// ThreadSanitizer ends the process at 8128 threads, its own and those in kept slots among them.
constexpr uint64_t kMostThreadsOfTsan = 8000 - kKeptSlots;

Options& MutableOptions() {
  static Options options;
  return options;
}

uint64_t Volume(const dim3& shape) { return uint64_t{shape.x} * shape.y * shape.z; }

// The running thread. Throws outside of kernels.
RESTEM_UNSEEN_BY_TSAN Thread* Running() {
  auto* thread = static_cast<Thread*>(Fiber::RunningArgument());
  if (!thread) throw KernelError("a device function was called outside of a kernel");
  return thread;
}

// First block of each cluster, in the order in which they run.
std::vector<uint3> FirstBlocks(const LaunchShape& shape, std::mt19937_64* random) {
  std::vector<uint3> first;
  for (unsigned z = 0; z < shape.grid.z; z += shape.cluster.z) {
    for (unsigned y = 0; y < shape.grid.y; y += shape.cluster.y) {
      for (unsigned x = 0; x < shape.grid.x; x += shape.cluster.x) first.push_back({x, y, z});
    }
  }
  if (random) std::shuffle(first.begin(), first.end(), *random);
  return first;
}

// When it ends, the host knows what all threads of the launch did.
class LaunchEnd {
 public:
  ~LaunchEnd() {
    AcquireClock(&token_);
    Fiber::EndLaunch();
  }
  void* token() { return &token_; }

 private:
  uint64_t token_ = 0;
};

// The host may not learn what the cluster's threads did before the launch ends, or it would tell
// the next cluster's.
struct DeleteUnseen {
  void operator()(ClusterRun* run) const {
    const UnseenScope unseen;
    delete run;
  }
};

}  // namespace

const Options& GetOptions() { return MutableOptions(); }

void SetOptions(const Options& options) { MutableOptions() = options; }

void RunGrid(const LaunchShape& shape, const std::function<void()>& kernel) {
  if (Fiber::RunningArgument()) throw KernelError("a kernel cannot launch a kernel here");
  const uint64_t cluster_threads = Volume(shape.cluster) * Volume(shape.block);
  if (kThreadSanitizer && cluster_threads > kMostThreadsOfTsan) {
    throw KernelError("ThreadSanitizer has no room for a cluster of so many threads");
  }
  // Stacks and the built-in variables exist once.
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);

  std::mt19937_64 generator(GetOptions().schedule_seed);
  std::mt19937_64* random = GetOptions().schedule_seed != 0 ? &generator : nullptr;
  const bool keeps_previous = kThreadSanitizer && 2 * cluster_threads <= kMostThreadsOfTsan;
  LaunchEnd end;
  std::unique_ptr<ClusterRun, DeleteUnseen> previous;
  for (const uint3& first : FirstBlocks(shape, random)) {
    if (!keeps_previous) previous.reset();
    std::unique_ptr<ClusterRun, DeleteUnseen> run(
        new ClusterRun(shape, first, kernel, random, end.token()));
    run->run();
    // Ends only now, after the next has begun: to ThreadSanitizer, neighbours then have no thread
    // number in common.
    previous = std::move(run);
  }
}

RESTEM_UNSEEN_BY_TSAN uint64_t Meet(const Request& request) {
  Thread* thread = Running();
  thread->request = request;
  Fiber::Suspend();
  return thread->result;
}

RESTEM_UNSEEN_BY_TSAN void MayYield() {
  auto* thread = static_cast<Thread*>(Fiber::RunningArgument());
  if (!thread || !thread->run->draws_schedule()) return;
  thread->request.operation = Operation::kYield;
  Fiber::Suspend();
}

RESTEM_UNSEEN_BY_TSAN void* DynamicShared() { return Running()->block->shared.data(); }

RESTEM_UNSEEN_BY_TSAN void* SharedOfRank(const volatile void* pointer, unsigned rank) {
  const Thread* thread = Running();
  const SharedMemory& own = thread->block->shared;
  const ptrdiff_t offset = static_cast<const volatile char*>(pointer) - own.data();
  if (!own.data() || offset < 0 || static_cast<size_t>(offset) > own.size()) {
    throw KernelError("map_shared_rank: not a pointer into this block's shared memory");
  }
  if (rank >= thread->run->blocks().size()) {
    throw KernelError("map_shared_rank: the cluster has no block of rank " + std::to_string(rank));
  }
  return thread->run->blocks()[rank]->shared.data() + offset;
}

RESTEM_UNSEEN_BY_TSAN unsigned ClusterRank() { return Running()->block->rank; }

RESTEM_UNSEEN_BY_TSAN unsigned ClusterBlocks() { return Running()->run->blocks().size(); }

RESTEM_UNSEEN_BY_TSAN std::vector<PendingCopy>& PendingCopies() {
  return Running()->pending_copies;
}

RESTEM_UNSEEN_BY_TSAN unsigned ThreadRank() { return Running()->rank; }

}  // namespace restem_host_cuda
