#include "model/on_device.h"

#include "model/adapter.h"

namespace restem {

Model ModelOn(const Model& model, at::Device device) {
  Model moved = model;
  moved.device = device;
  for (RopeTable& rope : moved.ropes) rope = rope.on(device);
  const auto move = [&](const at::Tensor& tensor) {
    return tensor.defined() ? tensor.to(device) : tensor;
  };
  moved.weights = MapWeights(model.config, model.weights, move);
  for (AdapterModule& module : moved.weights.adapter) {
    module.a = move(module.a);
    module.b = move(module.b);
  }
  AttachAdapter(model.config, moved.weights);
  return moved;
}

}  // namespace restem
