#include "sampler/cuda/kv_pages.h"

#include <utility>

#include "sampler/cuda/step_followers.h"

namespace restem::cuda {
namespace {

// In one layer: keys and values of 16 positions.
int64_t LayerPageBytes(const DeviceModel& model) {
  return 2 * kernels::kKeysPerPage * model.attention.kv_heads * model.attention.head_dim *
         kernels::BytesOf(model.precision);
}

}  // namespace

int64_t DeviceKvPages::page_bytes(const DeviceModel& model) {
  return model.config.num_hidden_layers * LayerPageBytes(model);
}

absl::StatusOr<std::unique_ptr<DeviceKvPages>> DeviceKvPages::create(const DeviceModel& model,
                                                                     int64_t pages,
                                                                     cudaStream_t stream,
                                                                     StepFollowers* followers) {
  RESTEM_ASSIGN_OR_RETURN(DeviceBuffer memory,
                          AllocateDevice(pages * page_bytes(model), "keys and values"));
  const kernels::cuda::LayeredPages layers = {
      memory.data(), model.config.num_hidden_layers, pages, LayerPageBytes(model)};
  return std::unique_ptr<DeviceKvPages>(
      new DeviceKvPages(model.precision, layers, std::move(memory), stream, followers));
}

DeviceKvPages::DeviceKvPages(kernels::Precision precision,
                             const kernels::cuda::LayeredPages& layers,
                             DeviceBuffer memory,
                             cudaStream_t stream,
                             StepFollowers* followers)
    : KvPagePool(layers.pages),
      precision_(precision),
      layers_(layers),
      memory_(std::move(memory)),
      stream_(stream),
      followers_(followers) {}

void DeviceKvPages::copy(int32_t from, int32_t to) {
  if (status_.ok() && followers_ != nullptr) status_ = followers_->copy_page(from, to);
  if (!status_.ok()) return;
  status_ = Check(kernels::cuda::CopyPage(layers_, from, to, stream_), "CopyPage");
}

kernels::cuda::PagePool DeviceKvPages::layer(int64_t index) const {
  return {precision_, memory_.as<char>() + index * layers_.pages * layers_.page_bytes};
}

}  // namespace restem::cuda
