// A shared model put together again, on the leader.
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <map>
#include <string>
#include <utility>

#include "trainer/flat_tensors.h"
#include "trainer/sharded_model.h"

namespace restem {

absl::StatusOr<Model> ShardedModel::whole() {
  std::map<std::string, at::Tensor> tensors;
  for (const KeptParameter& kept : kept_) {
    RESTEM_ASSIGN_OR_RETURN(tensors[kept.name], whole_of(kept.name, kept.values));
  }
  for (const auto& unit : units_) {
    RESTEM_RETURN_IF_ERROR(unit->gather());
    for (const Parameter& matrix : unit->matrices()) {
      RESTEM_ASSIGN_OR_RETURN(tensors[matrix.name], whole_of(matrix.name, matrix.tensor));
    }
    unit->release();
  }
  Model model = {whole_, {}, RopeTables(whole_), model_.dir};
  RESTEM_RETURN_IF_ERROR(settle());
  if (!mesh_.leads()) return model;
  VisitParameters(model.config,
                  model.weights,
                  [&](const std::string& name, const std::vector<int64_t>&, at::Tensor& tensor) {
                    tensor = tensors.at(name);
                  });
  return model;
}

// What this rank has of it, put together with the other parts: on the leader; undefined elsewhere.
absl::StatusOr<at::Tensor> ShardedModel::whole_of(const std::string& name, const at::Tensor& own) {
  if (mesh_.data_rank > 0) return at::Tensor();
  const std::vector<int64_t>& shape = shapes_.at(name);
  const PartCut cut = CutOf(shape, own.sizes().vec(), mesh_.part);
  if (cut.dimension < 0) return mesh_.leads() ? CopyOnHost(own) : at::Tensor();
  // As large as the largest: the last may have less.
  const int64_t parts = mesh_.part.count;
  const int64_t shares = parts / cut.parts_each;
  std::vector<int64_t> of_part = shape;
  int64_t& cut_size = of_part[static_cast<size_t>(cut.dimension)];
  const int64_t whole_size = std::exchange(cut_size, (cut_size + shares - 1) / shares);
  const at::Tensor part = at::zeros(of_part, own.options());
  part.narrow(cut.dimension, 0, cut.count).copy_(own);
  const at::Tensor all = at::empty({parts * part.numel()}, own.options());
  RESTEM_RETURN_IF_ERROR(mesh_.parts.front()->all_gather(all, part.view({-1})).wait());
  if (!mesh_.leads()) return at::Tensor();
  of_part.insert(of_part.begin(), parts);
  at::Tensor joined = all.view(of_part).slice(0, 0, parts, cut.parts_each);
  joined = cut.dimension == 0 ? joined.flatten(0, 1) : joined.transpose(0, 1).flatten(1, 2);
  return joined.narrow(cut.dimension, 0, whole_size).cpu().contiguous();
}

}  // namespace restem
