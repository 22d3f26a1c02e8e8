// The gradient of a model that ranks share, put together again.
#pragma once

#include <ATen/ops/full.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>

#include "data/packing.h"
#include "support/peers.h"
#include "trainer/sharded_model.h"

namespace restem::testing {

struct SharedGradient {
  std::map<std::string, at::Tensor> gradients;  // by parameter, flat; NaN where nobody has it
  double loss = 0.0;
};

// Calls `body` with this rank's part of the model, once on each of `ranks`; 0: without a group.
inline void OnRanks(const Model& model,
                    int64_t ranks,
                    const ShardedOptions& options,
                    const MeshOptions& layout,
                    const std::function<void(ShardedModel&, const Mesh&)>& body) {
  const auto run = [&](const std::shared_ptr<Group>& group) {
    MeshOptions own = layout;
    // Two neighbours share a node, and with tensor parallelism all parts.
    own.node = std::to_string(group == nullptr ? 0 : group->rank() / (2 * layout.parts));
    const auto mesh = FormMesh(group, own);
    ASSERT_TRUE(mesh.ok()) << mesh.status();
    const auto sharded = ShardedModel::make(model, options, *mesh);
    ASSERT_TRUE(sharded.ok()) << sharded.status();
    body(**sharded, *mesh);
  };
  if (ranks == 0) {
    run(nullptr);
  } else {
    InGroup(ranks, run);
  }
}

inline SharedGradient GradientOnRanks(const Model& model,
                                      std::span<const PackedBatch> batches,
                                      int64_t ranks,
                                      const ShardedOptions& options,
                                      const MeshOptions& layout = {}) {
  SharedGradient all;
  for (const Parameter& parameter : Parameters(model.config, model.weights))
    all.gradients[parameter.name] = at::full({parameter.tensor.numel()}, NAN);
  std::mutex mutex;
  OnRanks(model, ranks, options, layout, [&](ShardedModel& sharded, const Mesh&) {
    StepLoss loss;
    for (int round = 0; round < 2; ++round) {  // the second as if nothing had been
      const auto computed = sharded.compute(batches, /*step=*/0);
      ASSERT_TRUE(computed.ok()) << computed.status();
      loss = *computed;
    }
    const std::lock_guard lock(mutex);
    all.loss += loss.loss;
    for (size_t i = 0; i < sharded.slices().size(); ++i) {
      const TrainedSlice& slice = sharded.slices()[i];
      if (!slice.counts) continue;
      const at::Tensor values = sharded.gradients()[i].cpu().contiguous();
      const at::Tensor& whole = all.gradients.at(slice.run.parameter);
      const std::span<const float> from(values.const_data_ptr<float>(),
                                        static_cast<size_t>(values.numel()));
      const std::span<float> into(whole.mutable_data_ptr<float>(),
                                  static_cast<size_t>(whole.numel()));
      EXPECT_EQ(CopyRun(slice.run, from, {slice.run.parameter}, into), values.numel());
    }
  });
  return all;
}

}  // namespace restem::testing
