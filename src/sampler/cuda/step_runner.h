// Brings planned steps to the GPU and their draws back. Launching and collecting are apart, so that
// the GPU works on a step while the host reads the one before and plans the next.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "sampler/cuda/decoder.h"
#include "sampler/cuda/graphs.h"
#include "sampler/cuda/planned_step.h"
#include "sampler/token_sampler.h"

namespace restem::cuda {

class StepFollowers;

struct StepRunnerOptions {
  StepShape most;
  SamplingParams params;
  // Every step is computed as large as can be, since a product's order of sums may depend on its
  // number of rows: a sample's bits then depend on nothing beside it, and steps of few rows cost as
  // much as full ones.
  bool same_shape = false;
  // Of a model in parts: the other ranks' GPUs, and, on the first rank, who is told of each step.
  // Then steps are not recorded as graphs.
  DeviceParts* parts = nullptr;
  StepFollowers* followers = nullptr;
};

class StepRunner {
 public:
  // Steps that may be under way at once.
  static constexpr size_t kDepth = 2;

  // `model`, `pages` and `stream`, which is the pages' own, outlive this.
  static absl::StatusOr<std::unique_ptr<StepRunner>> create(const DeviceModel& model,
                                                            const DeviceKvPages& pages,
                                                            const StepRunnerOptions& options,
                                                            cudaStream_t stream);
  ~StepRunner();

  // Fewer than kDepth steps are under way.
  absl::Status launch(const PlannedStep& step);
  // The same step as the first rank of a model in parts has launched, by what it has told.
  absl::Status launch_as_told(const StepShape& shape, std::span<const std::byte> input);
  size_t under_way() const { return launched_ - collected_; }
  // Waits for the oldest step under way. What its rows drew, in their order.
  absl::StatusOr<std::vector<TokenDraw>> collect();

  // GPU memory that create() takes, in bytes.
  static int64_t DeviceBytes(const DeviceModel& model, const StepShape& most);

 private:
  // What is the host's of a step under way.
  struct Flight {
    PinnedBuffer input;
    PinnedBuffer drawn;
    Event done;
    int64_t drawing = 0;
  };

  StepRunner(const DeviceModel& model,
             const DeviceKvPages& pages,
             const StepRunnerOptions& options,
             cudaStream_t stream);
  absl::Status allocate(const ModelConfig& config);
  Flight& next_flight();
  absl::Status submit(Flight& flight, const StepShape& shape, int64_t input_bytes);
  // The shape that a step is launched in: shapes are few, so that graphs are.
  StepShape bucket(const StepShape& shape) const;

  const DeviceKvPages& pages_;
  const StepRunnerOptions options_;
  cudaStream_t stream_;
  DeviceBuffer room_memory_;
  DeviceBuffer input_memory_;
  DeviceBuffer end_tokens_;
  DecoderContext context_;
  StepGraphs graphs_;
  std::array<Flight, kDepth> flights_;
  size_t launched_ = 0;   // steps so far
  size_t collected_ = 0;  // steps so far
};

}  // namespace restem::cuda
