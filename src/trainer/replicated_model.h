// The whole model in each process: micro-batches are shared out, gradients added up.
#pragma once

#include <memory>
#include <vector>

#include "comm/group.h"
#include "trainer/gradient.h"
#include "trainer/trained_model.h"

namespace restem {

struct ReplicatedOptions {
  bool bfloat16 = false;  // compute in bfloat16 over float32 master weights
  int64_t lanes = 1;
  double z_loss = 0.0;
  bool deterministic = false;  // as TrainSetup has it
  uint64_t seed = 0;           // of an adapter's dropout
  uint64_t iteration = 0;
};

class ReplicatedModel : public TrainedModel {
 public:
  // `start` is left as it is; on its device this one computes. `group` may be null: one process.
  ReplicatedModel(const Model& start,
                  const ReplicatedOptions& options,
                  std::shared_ptr<Group> group);

  const std::vector<TrainedSlice>& slices() const override { return slices_; }
  absl::StatusOr<StepLoss> compute(std::span<const PackedBatch> batches, int64_t step) override;
  const std::vector<at::Tensor>& gradients() const override { return gradient_.gradients(); }
  void refresh() override;
  absl::StatusOr<Model> whole() override;

 private:
  const bool casts_;          // compute weights are copies
  const bool deterministic_;  // and so are their packed forms
  const std::shared_ptr<Group> group_;
  const Weights master_;  // float32
  Model model_;           // of compute weights
  std::vector<TrainedSlice> slices_;
  GradientComputer gradient_;
};

}  // namespace restem
