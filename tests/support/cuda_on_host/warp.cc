// What lanes of a warp give each other.
#include <algorithm>
#include <array>

#include "cluster_run.h"

namespace restem_host_cuda {
namespace {

constexpr int kLanes = 32;

bool IsPowerOfTwo(int n) { return n > 0 && (n & (n - 1)) == 0; }

// The lane that a shuffle reads, from the definition in the CUDA C++ Programming Guide, "Warp
// Shuffle Functions".
int SourceLane(const Request& request, int lane) {
  const int width = request.width;
  const int begin = lane & ~(width - 1);
  const int end = begin + width;
  int source = lane;
  switch (request.operation) {
    case Operation::kShuffle:
      return begin + (request.argument & (width - 1));
    case Operation::kShuffleUp:
      source = lane - request.argument;
      return source < begin ? lane : source;
    case Operation::kShuffleDown:
      source = lane + request.argument;
      return source >= end ? lane : source;
    default:  // Earlier segments can be read, later ones cannot.
      source = lane ^ request.argument;
      return source >= end ? lane : source;
  }
}

bool IsVote(Operation operation) {
  return operation == Operation::kBallot || operation == Operation::kAny ||
         operation == Operation::kAll;
}

uint64_t Vote(Operation operation, unsigned ballot, unsigned voters) {
  if (operation == Operation::kBallot) return ballot;
  return operation == Operation::kAny ? ballot != 0 : ballot == voters;
}

}  // namespace

unsigned ExistingLanes(const Thread& thread) {
  const size_t first = thread.rank - thread.rank % kLanes;
  const size_t lanes = std::min<size_t>(kLanes, thread.block->threads.size() - first);
  return lanes == kLanes ? ~0u : (1u << lanes) - 1;
}

void ExchangeInWarp(const std::vector<Thread*>& met) {
  if (met[0]->request.operation == Operation::kMultiply) return MultiplyInWarp(met);
  std::array<uint64_t, kLanes> given;
  given.fill(~uint64_t{0});  // what a lane that does not take part gives is undefined
  unsigned ballot = 0;
  unsigned voters = 0;
  for (const Thread* thread : met) {
    const unsigned lane = thread->rank % kLanes;
    given[lane] = thread->request.value;
    voters |= 1u << lane;
    if (thread->request.value) ballot |= 1u << lane;
  }
  for (Thread* thread : met) {
    const Request& request = thread->request;
    if (request.operation == Operation::kSyncWarp) continue;
    if (IsVote(request.operation)) {
      thread->result = Vote(request.operation, ballot, voters);
      continue;
    }
    if (!IsPowerOfTwo(request.width) || request.width > kLanes) {
      throw KernelError(NameOf(*thread) + ": a shuffle's width must be a power of two up to 32");
    }
    thread->result = given[SourceLane(request, thread->rank % kLanes)];
  }
}

}  // namespace restem_host_cuda
