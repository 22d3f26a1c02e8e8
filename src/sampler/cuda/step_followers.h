// An engine in parts: the first rank plans and tells the others, in the order in which it puts work
// on its stream, what they put on theirs. So they need no plan of their own, and draw what it
// draws.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/status.h"
#include "comm/group.h"
#include "comm/group_parts.h"
#include "sampler/cuda/device_model.h"
#include "sampler/cuda/device_parts.h"
#include "sampler/cuda/step_input.h"
#include "sampler/engine.h"

namespace restem::cuda {

// How the ranks hear from one another.
struct GpuParts {
  std::shared_ptr<Group> group;
  std::shared_ptr<GroupParts> steps;    // what is told
  std::shared_ptr<DeviceParts> device;  // what is computed
};

// All ranks of `group` call it. `device_of` makes the third of a group of its own.
absl::StatusOr<GpuParts> FormGpuParts(
    std::shared_ptr<Group> group,
    const std::function<std::shared_ptr<DeviceParts>(std::shared_ptr<Group>)>& device_of);

// What the steps of a generation have in common.
struct Generation {
  int64_t pages = 0;
  StepShape most;
  SamplingParams params;  // of it what decides how a token is drawn
  bool same_shape = false;
};

// The first rank's.
class StepFollowers {
 public:
  explicit StepFollowers(GpuParts parts) : parts_(std::move(parts)) {}
  ~StepFollowers();  // the others go

  DeviceParts& device() const { return *parts_.device; }

  // The least that the GPUs of all ranks have free, in bytes.
  absl::StatusOr<int64_t> least_free(int64_t free);
  absl::Status begin(const Generation& generation);
  absl::Status step(const StepShape& shape, std::span<const std::byte> input);
  absl::Status copy_page(int32_t from, int32_t to);
  absl::Status end();

 private:
  GpuParts parts_;
  int64_t asked_ = 0;
};

// What the other ranks do until the first one goes. Unavailable where a rank is lost; Stopped after
// a signal.
absl::Status FollowSteps(const DeviceModel& part, const GpuParts& parts);

}  // namespace restem::cuda
