#include "trainer/mesh.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "absl/strings/numbers.h"

namespace restem {
namespace {

// What a rank tells the others of itself: "<lanes> <node>".
struct Place {
  int64_t lanes = 1;
  std::string node;
};

absl::StatusOr<std::vector<Place>> PlacesOf(Group& all, const MeshOptions& options) {
  constexpr char kPlace[] = "place";
  RESTEM_RETURN_IF_ERROR(all.tell(kPlace, fmt::format("{} {}", options.lanes, options.node)));
  std::vector<Place> places;
  for (int64_t rank = 0; rank < all.size(); ++rank) {
    RESTEM_ASSIGN_OR_RETURN(const std::string told, all.ask(rank, kPlace));
    const size_t space = told.find(' ');
    Place& place = places.emplace_back();
    if (space == std::string::npos || !absl::SimpleAtoi(told.substr(0, space), &place.lanes))
      return Failed(fmt::format("{}: rank {} says where it is in words that are not understood: {}",
                                all.who(),
                                rank,
                                told));
    place.node = told.substr(space + 1);
  }
  return places;
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

// Those with the same part that share it out, and those that have the same of it.
absl::Status FormShards(const MeshOptions& options, const std::vector<Place>& places, Mesh& mesh) {
  Group& all = *mesh.all;
  const auto node = [&](int64_t rank) -> const std::string& {
    return places[static_cast<size_t>(rank)].node;
  };
  const Ranks same_part =
      RanksWhere(all.size(), [&](int64_t rank) { return rank % options.parts == mesh.part.index; });
  // Shard `other` is in with `rank`.
  const auto together = [&](int64_t rank, int64_t other) {
    if (options.sharding == "none") return rank == other;
    return options.sharding == "auto" || node(rank) == node(other);
  };
  const auto shards_of = [&](int64_t rank) {
    Ranks shards;
    for (const int64_t other : same_part)
      if (together(rank, other)) shards.push_back(other);
    return shards;
  };
  const Ranks shards = shards_of(all.rank());
  const auto place_in = [](const Ranks& ranks, int64_t rank) {
    return std::ranges::find(ranks, rank) - ranks.begin();
  };
  Ranks replicas;
  for (const int64_t other : same_part) {
    const Ranks theirs = shards_of(other);
    if (theirs.size() != shards.size()) {
      return InvalidInput(fmt::format(
          "train.sharding: node needs as many ranks on each node; with rank {} there are {}, with "
          "rank {} {}: start as many everywhere, or set it to auto",
          all.rank(),
          shards.size(),
          other,
          theirs.size()));
    }
    if (place_in(theirs, other) == place_in(shards, all.rank())) replicas.push_back(other);
  }
  RESTEM_ASSIGN_OR_RETURN(mesh.shards, Among(all, "shards", shards));
  RESTEM_ASSIGN_OR_RETURN(mesh.replicas, Among(all, "replicas", replicas));
  return absl::OkStatus();
}

absl::Status FormParts(const MeshOptions& options, const std::vector<Place>& places, Mesh& mesh) {
  if (options.parts == 1) return absl::OkStatus();
  for (const Place& place : places) mesh.lanes = std::min(mesh.lanes, place.lanes);
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
  RESTEM_ASSIGN_OR_RETURN(const std::vector<Place> places, PlacesOf(*mesh.all, options));
  RESTEM_RETURN_IF_ERROR(FormParts(options, places, mesh));
  RESTEM_RETURN_IF_ERROR(FormShards(options, places, mesh));
  return mesh;
}

}  // namespace restem
