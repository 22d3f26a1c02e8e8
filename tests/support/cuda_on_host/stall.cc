// Messages about threads.
#include <cstdio>
#include <map>

#include "cluster_run.h"

namespace restem_host_cuda {
namespace {

const char* CallOf(Operation operation) {
  switch (operation) {
    case Operation::kYield:
      return "nothing";
    case Operation::kSyncThreads:
      return "__syncthreads";
    case Operation::kSyncCluster:
      return "cluster.sync";
    case Operation::kSyncWarp:
      return "__syncwarp";
    case Operation::kShuffle:
      return "__shfl_sync";
    case Operation::kShuffleUp:
      return "__shfl_up_sync";
    case Operation::kShuffleDown:
      return "__shfl_down_sync";
    case Operation::kShuffleXor:
      return "__shfl_xor_sync";
    case Operation::kBallot:
      return "__ballot_sync";
    case Operation::kAny:
      return "__any_sync";
    case Operation::kAll:
      return "__all_sync";
    case Operation::kMultiply:
      return "mma.sync";
  }
  return "?";
}

std::string Text(const uint3& v) {
  return "(" + std::to_string(v.x) + "," + std::to_string(v.y) + "," + std::to_string(v.z) + ")";
}

std::string Hex(unsigned value) {
  char text[16];
  std::snprintf(text, sizeof(text), "0x%08x", value);
  return text;
}

std::string Condition(const Thread& thread) {
  if (thread.state == ThreadState::kExited) return "have exited";
  if (thread.state == ThreadState::kReady) return "can go on";
  const Request& request = thread.request;
  std::string text = std::string("wait in ") + CallOf(request.operation);
  if (request.operation >= Operation::kSyncWarp) text += " mask " + Hex(request.mask);
  return text + " at " + request.site.file + ":" + std::to_string(request.site.line);
}

// "0-31,64"; `ranks` ascends.
std::string Ranges(const std::vector<unsigned>& ranks) {
  std::string text;
  for (size_t i = 0; i < ranks.size();) {
    size_t last = i;
    while (last + 1 < ranks.size() && ranks[last + 1] == ranks[last] + 1) ++last;
    if (i > 0) text += ",";
    text += std::to_string(ranks[i]);
    if (last > i) text += "-" + std::to_string(ranks[last]);
    i = last + 1;
  }
  return text;
}

}  // namespace

std::string NameOf(const Thread& thread) {
  const dim3& shape = thread.run->shape().block;
  const uint3 index = {
      thread.rank % shape.x, thread.rank / shape.x % shape.y, thread.rank / (shape.x * shape.y)};
  return "block " + Text(thread.block->index) + " thread " + Text(index);
}

std::string DescribeStall(const ClusterRun& run) {
  std::string text;
  for (const auto& block : run.blocks()) {
    std::map<std::string, std::vector<unsigned>> threads_in;
    for (const auto& thread : block->threads) {
      threads_in[Condition(*thread)].push_back(thread->rank);
    }
    for (const auto& [condition, ranks] : threads_in) {
      text +=
          "  block " + Text(block->index) + ": threads " + Ranges(ranks) + " " + condition + "\n";
    }
  }
  return text;
}

}  // namespace restem_host_cuda
