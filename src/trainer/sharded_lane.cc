#include "trainer/sharded_lane.h"

#include <ATen/ops/zeros.h>

#include <map>
#include <string>
#include <utility>

#include "model/packed_forward.h"
#include "ops/autograd.h"
#include "trainer/flat_tensors.h"

namespace restem {

MicroBatch::MicroBatch(const Model& model, const PackedBatch& packed_batch)
    : packed(packed_batch),
      input(PadInput(packed.tokens, packed.positions, packed.live_rows, model.device)),
      attention(
          PackedAttentionOf(model,
                            std::make_shared<const std::vector<AttentionSegment>>(packed.segments),
                            packed.live_rows)) {}

ShardedLane::ShardedLane(const Model& model,
                         std::span<const std::unique_ptr<ShardedUnit>> units,
                         std::span<const KeptParameter> kept)
    : model_(model), units_(units.size()) {
  std::map<std::string, at::Tensor> leaves;
  for (size_t i = 0; i < units.size(); ++i) {
    for (const Parameter& matrix : units[i]->matrices())
      units_[i].leaves.push_back(leaves[matrix.name] = MakeLeaf(matrix.tensor));
  }
  Shapes shapes;
  for (const KeptParameter& parameter : kept) shapes.push_back(parameter.shape);
  kept_flat_ = at::zeros({FlatSize(shapes)}, at::TensorOptions(at::kFloat).device(model.device));
  kept_sums_ = FlatViews(kept_flat_, shapes);
  for (size_t i = 0; i < kept.size(); ++i) {
    at::Tensor& leaf = leaves[kept[i].name] = MakeLeaf(kept[i].values);
    leaf.mutable_grad() = kept[i].part_of(kept_sums_[i]);
  }
  VisitParameters(model_.config,
                  model_.weights,
                  [&](const std::string& name, const std::vector<int64_t>&, at::Tensor& tensor) {
                    tensor = leaves.at(name);
                  });
}

// Float32 leaves collect straight into the sums; narrower ones would lose small contributions.
void ShardedLane::open_gradient(size_t unit, const ShardedUnit& of) {
  UnitLeaves& own = units_[unit];
  own.flat = of.flat();
  own.sums = of.views(own.flat);
  for (size_t i = 0; i < own.sums.size(); ++i) {
    if (own.leaves[i].scalar_type() == at::kFloat) own.leaves[i].mutable_grad() = own.sums[i];
  }
}

void ShardedLane::collect(size_t unit) {
  UnitLeaves& own = units_[unit];
  for (size_t i = 0; i < own.leaves.size(); ++i) {
    at::Tensor& leaf = own.leaves[i];
    if (leaf.scalar_type() == at::kFloat || !leaf.grad().defined()) continue;
    own.sums[i].add_(leaf.grad().to(at::kFloat));
    leaf.mutable_grad().reset();
  }
}

at::Tensor ShardedLane::close_gradient(size_t unit) {
  UnitLeaves& own = units_[unit];
  for (at::Tensor& leaf : own.leaves) leaf.mutable_grad().reset();
  own.sums.clear();
  return std::exchange(own.flat, {});
}

}  // namespace restem
