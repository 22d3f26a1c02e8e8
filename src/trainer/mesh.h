// How the ranks of a training are laid out. Neighbours have a part of the model each and compute
// the same micro-batches together (tensor parallelism); those with the same part share it out
// (trainer/sharded_model.h), all of them or those of a node, and have micro-batches of their own.
//
//   8 ranks on 2 nodes, tensor_parallel_size 2, sharding `node`:
//     node 0:  0 1 | 2 3      parts: {0 1} {2 3} {4 5} {6 7}
//     node 1:  4 5 | 6 7      shards: {0 2} {1 3} {4 6} {5 7}, replicas: {0 4} {1 5} {2 6} {3 7}
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "comm/group.h"
#include "model/part.h"

namespace restem {

struct MeshOptions {
  int64_t parts = 1;              // tensor_parallel_size
  std::string sharding = "auto";  // auto | node | none
  int64_t lanes = 1;              // threads, as many on each rank
  std::string node = {};          // this rank's; the same text for ranks of the same node
};

// Groups of one rank are null.
struct Mesh {
  std::shared_ptr<Group> all;
  Part part;                                  // this rank's
  std::vector<std::shared_ptr<Group>> parts;  // [lane], the ranks with the other parts
  std::shared_ptr<Group> shards;              // that share out this part
  std::shared_ptr<Group> replicas;            // that have what this rank has of it
  int64_t data_rank = 0;                      // of data_size that have micro-batches
  int64_t data_size = 1;
  int64_t lanes = 1;

  bool leads() const { return all == nullptr || all->leads(); }
};

// All of `all` call it; null: this process is alone. Where nodes have different numbers of ranks,
// `node` is as `auto`. InvalidInput where so many ranks cannot have the parts.
absl::StatusOr<Mesh> FormMesh(std::shared_ptr<Group> all, const MeshOptions& options);

}  // namespace restem
