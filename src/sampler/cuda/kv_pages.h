// The pages of a GPU's KV cache. Which page is whose, the host knows (model/kv_cache.h).
#pragma once

#include <memory>

#include "kernels/copy_page.h"
#include "model/kv_cache.h"
#include "sampler/cuda/device_model.h"

namespace restem::cuda {

class StepFollowers;

class DeviceKvPages final : public KvPagePool {
 public:
  static int64_t page_bytes(const DeviceModel& model);  // in all layers

  // Copies go to `stream`, which outlives this; `followers`, who do as much, are told of them.
  static absl::StatusOr<std::unique_ptr<DeviceKvPages>> create(const DeviceModel& model,
                                                               int64_t pages,
                                                               cudaStream_t stream,
                                                               StepFollowers* followers = nullptr);

  // Is done in the stream's order: what was launched before still sees the page as it was.
  void copy(int32_t from, int32_t to) override;
  // The first error of a copy.
  const absl::Status& status() const { return status_; }

  kernels::cuda::PagePool layer(int64_t index) const;

 private:
  DeviceKvPages(kernels::Precision precision,
                const kernels::cuda::LayeredPages& layers,
                DeviceBuffer memory,
                cudaStream_t stream,
                StepFollowers* followers);

  const kernels::Precision precision_;
  const kernels::cuda::LayeredPages layers_;
  const DeviceBuffer memory_;
  cudaStream_t stream_;
  StepFollowers* const followers_;
  absl::Status status_;
};

}  // namespace restem::cuda
