// A training's model in the form that its options and its device ask for.
#pragma once

#include <cstdint>
#include <memory>

#include "base/status.h"
#include "trainer/train.h"
#include "trainer/trained_model.h"

namespace restem {

// Threads that compute: a GPU is fed by one.
int64_t LanesOf(const TrainSetup& setup);
// Threads that update what is trained.
int64_t OptimizerLanes(const TrainSetup& setup);

// Of a group, all ranks call it. Errors are those of FormMesh and ShardedModel::make.
absl::StatusOr<std::unique_ptr<TrainedModel>> MakeTrainedModel(const TrainSetup& setup);

}  // namespace restem
