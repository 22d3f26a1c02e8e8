// Blocks and clusters as groups. A launch without clusters has clusters of one block.
#pragma once

#include "executor.h"

namespace cooperative_groups {

class thread_block {
 public:
  static void sync(restem_host_cuda::Site site = restem_host_cuda::Site::Here()) {
    restem_host_cuda::Meet({restem_host_cuda::Operation::kSyncThreads, site});
  }
  static unsigned thread_rank() { return restem_host_cuda::ThreadRank(); }
  static unsigned num_threads() { return blockDim.x * blockDim.y * blockDim.z; }
  static unsigned size() { return num_threads(); }
};

class cluster_group {
 public:
  static void sync(restem_host_cuda::Site site = restem_host_cuda::Site::Here()) {
    restem_host_cuda::Meet({restem_host_cuda::Operation::kSyncCluster, site});
  }
  static unsigned block_rank() { return restem_host_cuda::ClusterRank(); }
  static unsigned num_blocks() { return restem_host_cuda::ClusterBlocks(); }
  // The block of rank `rank` must not have exited.
  template <typename T>
  static T* map_shared_rank(T* pointer, unsigned rank) {
    return static_cast<T*>(restem_host_cuda::SharedOfRank(pointer, rank));
  }
};

inline thread_block this_thread_block() { return {}; }
inline cluster_group this_cluster() { return {}; }

}  // namespace cooperative_groups
