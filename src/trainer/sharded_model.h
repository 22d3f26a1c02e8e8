// A model that is shared out among ranks (trainer/mesh.h): of each matrix, or of its part where the
// model is cut, each rank keeps an equal run in float32, with gradient and moments (ZeRO-3, arXiv
// 1910.02054; PyTorch FSDP, arXiv 2304.11277). A layer's matrices are brought together while it is
// computed, the next one's meanwhile; norms and biases, a thousandth of a model, each rank keeps.
//
// All micro-batches of a rank go through a layer before the next layer is looked at. So a step
// gathers each layer twice and reduces its gradient once, however many micro-batches there are.
// Where activations are kept and not computed again, that would keep those of the whole step: then
// as many micro-batches as there are lanes go together.
//
// On a GPU there is one lane, and what a rank keeps is there, or in the host's memory.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "comm/group_parts.h"
#include "trainer/mesh.h"
#include "trainer/sharded_lane.h"
#include "trainer/sharded_unit.h"
#include "trainer/trained_model.h"

namespace restem {

struct ShardedOptions {
  bool bfloat16 = false;   // matrices are gathered and computed with in bfloat16
  bool recompute = false;  // a layer's activations are computed again in the backward pass
  double z_loss = 0.0;
  at::Device device = at::kCPU;  // where it computes
  bool offload = false;          // what is trained stays in the host's memory
};

class ShardedModel : public TrainedModel {
 public:
  // `start` is whole and has no adapter; its weights are read once. InvalidInput where it cannot be
  // cut as the mesh has it.
  static absl::StatusOr<std::unique_ptr<ShardedModel>> make(const Model& start,
                                                            const ShardedOptions& options,
                                                            Mesh mesh);
  ~ShardedModel() override;

  const std::vector<TrainedSlice>& slices() const override { return slices_; }
  absl::StatusOr<StepLoss> compute(std::span<const PackedBatch> batches, int64_t step) override;
  const std::vector<at::Tensor>& gradients() const override { return gradients_; }
  void refresh() override;
  absl::StatusOr<Model> whole() override;

 private:
  ShardedModel(const ModelConfig& whole, Model part, const ShardedOptions& options, Mesh mesh);
  void make_units(const Weights& own);
  void make_kept();
  void make_lanes();
  absl::Status run(std::span<MicroBatch> batches, double total_weight);
  absl::Status forward(std::span<MicroBatch> batches);
  absl::Status head(std::span<MicroBatch> batches, double total_weight);
  absl::Status backward(std::span<MicroBatch> batches);
  void open_gradient(size_t unit);
  absl::Status close_gradient(size_t unit);
  absl::Status sum_rest();
  absl::Status settle();
  absl::Status run_step(std::span<const PackedBatch> batches);
  absl::StatusOr<at::Tensor> whole_of(const std::string& name, const at::Tensor& own);
  void for_each(std::span<MicroBatch> batches,
                const std::function<void(ShardedLane&, MicroBatch&)>& body);

  // Units: the embedding, each layer, and, where it is not the embedding, lm_head.
  size_t unit_of_layer(int64_t layer) const { return static_cast<size_t>(layer) + 1; }
  size_t head_unit() const { return tied_ ? 0 : units_.size() - 1; }

  const ShardedOptions options_;
  const Mesh mesh_;
  const ModelConfig whole_;
  const std::map<std::string, std::vector<int64_t>> shapes_;  // of the whole's parameters
  const bool tied_;
  Model model_;  // this rank's part, without weights
  std::vector<std::unique_ptr<ShardedUnit>> units_;
  ShardedUnit* reducing_ = nullptr;  // whose gradient is under way
  std::vector<KeptParameter> kept_;
  std::vector<std::shared_ptr<GroupParts>> parts_;  // [lane]; empty: the model is not cut
  std::vector<std::unique_ptr<ShardedLane>> lanes_;
  std::vector<TrainedSlice> slices_;
  std::vector<at::Tensor> gradients_;
};

}  // namespace restem
