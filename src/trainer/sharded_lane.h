// One thread's share of a sharded model's step.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <span>
#include <vector>

#include "data/packing.h"
#include "model/decoder.h"
#include "model/part.h"
#include "trainer/sharded_unit.h"
#include "trainer/step_loss.h"

namespace restem {

// A micro-batch on its way through the layers and back.
struct MicroBatch {
  // `model` is referred to for its config.
  MicroBatch(const Model& model, const PackedBatch& packed_batch);

  const PackedBatch& packed;
  DecoderInput input;
  AttentionFn attention;
  at::Tensor embedded;              // with what is differentiated
  std::vector<at::Tensor> inputs;   // [layer] leaves
  std::vector<at::Tensor> outputs;  // [layer] of the kept graphs; none where computed again
  at::Tensor gradient;              // of the loss, to what the next step back gave
};

// A parameter that is not shared out: each rank has all of it, or all of its part.
struct KeptParameter {
  std::string name;
  at::Tensor values;           // float32, of this rank's part
  std::vector<int64_t> shape;  // of the whole
  PartCut cut;

  at::Tensor part_of(const at::Tensor& whole) const {
    return cut.dimension < 0 ? whole : whole.narrow(cut.dimension, cut.first, cut.count);
  }
};

// Leaves over the memory of a model's units, and the gradients that this thread collects for them.
class ShardedLane {
 public:
  // `model` has no weights.
  ShardedLane(const Model& model,
              std::span<const std::unique_ptr<ShardedUnit>> units,
              std::span<const KeptParameter> kept);

  const Model& model() const { return model_; }

  // Between these two, backward passes through the unit's matrices add to gradients(unit), of
  // matrices' shapes, once collect() is called after each. Returned is the unit's flat gradient.
  void open_gradient(size_t unit, const ShardedUnit& of);
  void collect(size_t unit);
  at::Tensor close_gradient(size_t unit);
  const std::vector<at::Tensor>& gradients(size_t unit) const { return units_[unit].sums; }

  // Of the kept parameters: one by one, whole, with zeros where other parts are; and as one tensor.
  const std::vector<at::Tensor>& kept_sums() const { return kept_sums_; }
  const at::Tensor& kept_gradient() const { return kept_flat_; }

  StepLoss loss;

 private:
  struct UnitLeaves {
    std::vector<at::Tensor> leaves;  // [matrix]
    at::Tensor flat;                 // float32
    std::vector<at::Tensor> sums;    // [matrix], views of it
  };

  Model model_;  // of leaves
  std::vector<UnitLeaves> units_;
  at::Tensor kept_flat_;  // float32
  std::vector<at::Tensor> kept_sums_;
};

}  // namespace restem
