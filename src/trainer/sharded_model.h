// A model of which each rank keeps an equal part: float32 weights, gradients and moments (ZeRO-3,
// arXiv 1910.02054; PyTorch FSDP, arXiv 2304.11277). A layer's matrices are brought together while
// it is computed, the next one's meanwhile; norms and biases, a thousandth of a model, each rank
// has in full.
//
// All micro-batches of a rank go through a layer before the next layer is looked at. So a step
// gathers each layer twice and reduces its gradient once, however many micro-batches there are.
// Where activations are kept and not computed again, that would keep those of the whole step: then
// as many micro-batches as there are lanes go together.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "comm/group.h"
#include "trainer/sharded_lane.h"
#include "trainer/sharded_unit.h"
#include "trainer/trained_model.h"

namespace restem {

struct ShardedOptions {
  bool bfloat16 = false;    // matrices are gathered and computed with in bfloat16
  bool recompute = false;   // a layer's activations are computed again in the backward pass
  bool replicates = false;  // every rank keeps all
  int64_t lanes = 1;        // threads, each with micro-batches of its own
  double z_loss = 0.0;
};

class ShardedModel : public TrainedModel {
 public:
  // `start` has no adapter; its weights are read once. `group` may be null: one process, which
  // keeps all.
  ShardedModel(const Model& start, const ShardedOptions& options, std::shared_ptr<Group> group);
  ~ShardedModel() override;

  const std::vector<TrainedSlice>& slices() const override { return slices_; }
  absl::StatusOr<StepLoss> compute(std::span<const PackedBatch> batches, int64_t step) override;
  const std::vector<at::Tensor>& gradients() const override { return gradients_; }
  void refresh() override;
  absl::StatusOr<Model> whole() override;

 private:
  void make_units(const Model& start);
  absl::Status run(std::span<MicroBatch> batches, double total_weight);
  absl::Status forward(std::span<MicroBatch> batches);
  absl::Status head(std::span<MicroBatch> batches, double total_weight);
  absl::Status backward(std::span<MicroBatch> batches);
  void open_gradient(size_t unit);
  absl::Status close_gradient(size_t unit);
  absl::Status sum_rest();
  void for_each(std::span<MicroBatch> batches,
                const std::function<void(ShardedLane&, MicroBatch&)>& body);

  bool leads() const { return group_ == nullptr || group_->leads(); }

  // Units: the embedding, each layer, and, where it is not the embedding, lm_head.
  size_t unit_of_layer(int64_t layer) const { return static_cast<size_t>(layer) + 1; }
  size_t head_unit() const { return tied_ ? 0 : units_.size() - 1; }

  const ShardedOptions options_;
  const std::shared_ptr<Group> group_;
  Group* const shards_;  // the ranks among which units are shared out; null: this one has all
  const bool tied_;
  Model model_;  // without weights
  std::vector<std::unique_ptr<ShardedUnit>> units_;
  ShardedUnit* reducing_ = nullptr;  // whose gradient is under way
  std::vector<Parameter> vectors_;   // float32, views of one tensor
  std::vector<std::unique_ptr<ShardedLane>> lanes_;
  std::vector<TrainedSlice> slices_;
  std::vector<at::Tensor> gradients_;
};

}  // namespace restem
