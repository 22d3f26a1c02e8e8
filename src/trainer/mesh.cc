#include "trainer/mesh.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

namespace restem {
namespace {

absl::StatusOr<std::vector<std::string>> NodesOf(Group& all, const std::string& own) {
  constexpr char kNode[] = "node";
  RESTEM_RETURN_IF_ERROR(all.tell(kNode, own));
  std::vector<std::string> nodes;
  for (int64_t rank = 0; rank < all.size(); ++rank) {
    RESTEM_ASSIGN_OR_RETURN(nodes.emplace_back(), all.ask(rank, kNode));
  }
  return nodes;
}

using Ranks = std::vector<int64_t>;

Ranks RanksWhere(int64_t count, const std::function<bool(int64_t)>& is_one) {
  Ranks ranks;
  for (int64_t rank = 0; rank < count; ++rank)
    if (is_one(rank)) ranks.push_back(rank);
  return ranks;
}

// Null for one rank.
absl::StatusOr<std::shared_ptr<Group>> Among(Group& all,
                                             const std::string& name,
                                             const Ranks& ranks) {
  if (ranks.size() == 1) return nullptr;
  return all.form_among(fmt::format("{} of {}", name, ranks.front()), ranks);
}

// Of the ranks with one part, those that share it out with each of them.
std::map<int64_t, Ranks> ShardsOf(const Ranks& same_part,
                                  const std::string& sharding,
                                  const std::vector<std::string>& nodes) {
  std::map<int64_t, Ranks> shards;
  for (const int64_t rank : same_part) {
    for (const int64_t other : same_part) {
      const bool on_node = nodes[static_cast<size_t>(rank)] == nodes[static_cast<size_t>(other)];
      if (rank == other || sharding == "auto" || (sharding == "node" && on_node))
        shards[rank].push_back(other);
    }
  }
  return shards;
}

bool AreEven(const std::map<int64_t, Ranks>& shards) {
  return std::ranges::all_of(
      shards, [&](const auto& of) { return of.second.size() == shards.begin()->second.size(); });
}

// Those with the same part that share it out, and those that have the same of it.
absl::Status FormShards(const MeshOptions& options,
                        const std::vector<std::string>& nodes,
                        Mesh& mesh) {
  Group& all = *mesh.all;
  const Ranks same_part =
      RanksWhere(all.size(), [&](int64_t rank) { return rank % options.parts == mesh.part.index; });
  std::map<int64_t, Ranks> shards = ShardsOf(same_part, options.sharding, nodes);
  if (!AreEven(shards)) {
    if (all.leads())
      spdlog::warn("{}: nodes have different numbers of ranks: all share the model out", all.who());
    shards = ShardsOf(same_part, "auto", nodes);
  }
  const auto place_of = [&](int64_t rank) {
    return std::ranges::find(shards[rank], rank) - shards[rank].begin();
  };
  const Ranks replicas = RanksWhere(all.size(), [&](int64_t rank) {
    return shards.contains(rank) && place_of(rank) == place_of(all.rank());
  });
  RESTEM_ASSIGN_OR_RETURN(mesh.shards, Among(all, "shards", shards[all.rank()]));
  RESTEM_ASSIGN_OR_RETURN(mesh.replicas, Among(all, "replicas", replicas));
  return absl::OkStatus();
}

absl::Status FormParts(const MeshOptions& options, Mesh& mesh) {
  if (options.parts == 1) return absl::OkStatus();
  const int64_t first = mesh.all->rank() - mesh.part.index;
  const Ranks ranks = RanksWhere(
      mesh.all->size(), [&](int64_t r) { return first <= r && r < first + options.parts; });
  for (int64_t lane = 0; lane < mesh.lanes; ++lane) {
    RESTEM_ASSIGN_OR_RETURN(auto group, Among(*mesh.all, fmt::format("lane {}", lane), ranks));
    mesh.parts.push_back(std::move(group));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Mesh> FormMesh(std::shared_ptr<Group> all, const MeshOptions& options) {
  const int64_t ranks = all == nullptr ? 1 : all->size();
  if (ranks % options.parts != 0) {
    return InvalidInput(
        fmt::format("train.tensor_parallel_size {} needs a multiple of as many ranks, not {}",
                    options.parts,
                    ranks));
  }
  Mesh mesh;
  mesh.all = std::move(all);
  mesh.lanes = options.lanes;
  if (mesh.all == nullptr) return mesh;
  mesh.part = {mesh.all->rank() % options.parts, options.parts};
  mesh.data_rank = mesh.all->rank() / options.parts;
  mesh.data_size = ranks / options.parts;
  RESTEM_ASSIGN_OR_RETURN(const std::vector<std::string> nodes, NodesOf(*mesh.all, options.node));
  RESTEM_RETURN_IF_ERROR(FormParts(options, mesh));
  RESTEM_RETURN_IF_ERROR(FormShards(options, nodes, mesh));
  return mesh;
}

}  // namespace restem
