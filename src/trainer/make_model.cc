#include "trainer/make_model.h"

#include <utility>

#include "model/on_device.h"
#include "trainer/mesh.h"
#include "trainer/replicated_model.h"
#include "trainer/sharded_model.h"

namespace restem {
namespace {

// Whether each rank keeps a part of the model only. What has an adapter, or multiplies by packed
// forms of its matrices, has them whole.
bool IsSharded(const TrainSetup& setup) {
  const TrainOptions& options = setup.options;
  if (options.tensor_parallel_size > 1) return true;
  const bool packs = setup.deterministic && setup.device.is_cpu();
  const bool can_be = setup.start.weights.adapter.empty() && !packs;
  const bool several = setup.group != nullptr && options.sharding != "none";
  // A GPU holds a layer's gradients at a time, not all.
  return can_be && (several || options.gradient_checkpointing || !setup.device.is_cpu());
}

}  // namespace

int64_t LanesOf(const TrainSetup& setup) { return setup.device.is_cpu() ? setup.lanes : 1; }

int64_t OptimizerLanes(const TrainSetup& setup) {
  return setup.options.offload_optimizer ? setup.lanes : LanesOf(setup);
}

absl::StatusOr<std::unique_ptr<TrainedModel>> MakeTrainedModel(const TrainSetup& setup) {
  const TrainOptions& options = setup.options;
  if (!IsSharded(setup)) {
    const bool on_cpu = setup.device.is_cpu();
    const Model start = on_cpu ? setup.start : ModelOn(setup.start, setup.device);
    return std::make_unique<ReplicatedModel>(start,
                                             ReplicatedOptions{setup.bfloat16,
                                                               LanesOf(setup),
                                                               options.z_loss,
                                                               setup.deterministic && on_cpu,
                                                               setup.seed,
                                                               setup.iteration},
                                             setup.group);
  }
  RESTEM_ASSIGN_OR_RETURN(
      Mesh mesh,
      FormMesh(setup.group,
               {options.tensor_parallel_size, options.sharding, LanesOf(setup), setup.node}));
  return ShardedModel::make(setup.start,
                            {.bfloat16 = setup.bfloat16,
                             .recompute = options.gradient_checkpointing,
                             .z_loss = options.z_loss,
                             .device = setup.device,
                             .offload = options.offload_optimizer},
                            std::move(mesh));
}

}  // namespace restem
