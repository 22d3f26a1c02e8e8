#include "trainer/step_time.h"

#include <algorithm>

namespace restem {

double Link::ring(double bytes, double n) const {
  return n <= 1 ? 0.0 : (n - 1) / n * bytes / bandwidth + (n - 1) * latency;
}

double StepTime::mfu(const ModelShape& model, const Layout& layout, double flops) const {
  const double attention = 2 * model.layers * layout.context * model.hidden;
  return 6 * (model.multiplied() + attention) * layout.tokens / layout.ranks / flops / total();
}

namespace {

// Goes through a step as ShardedModel does.
class Prediction {
 public:
  Prediction(const ModelShape& model, const Layout& layout, const Cluster& cluster)
      : model_(model),
        layout_(layout),
        cluster_(cluster),
        tokens_(layout.tokens / layout.data()),
        link_(layout.shards * layout.parts <= static_cast<double>(cluster.ranks_per_node)
                  ? cluster.node
                  : cluster.network) {}

  StepTime run() {
    for (double round = 0; round < layout_.rounds; ++round) {
      forward();
      backward();
    }
    // Each a sum of what goes in and out: a reduction and a gathering.
    const double sums = 2 * (layout_.recompute ? 6 : 4) * model_.layers;
    step_.parts = sums * cluster_.node.ring(tokens_ * model_.hidden * 4, layout_.parts);
    const double own = model_.weights() / layout_.parts / layout_.shards;
    step_.replicas = 2 * cluster_.network.ring(own * 4, layout_.data() / layout_.shards);
    step_.update = own * 28 / cluster_.memory_bandwidth;
    return step_;
  }

 private:
  void forward() {
    beside(0, gather(model_.end_weights));
    beside(0, gather(model_.layer_weights));
    for (double i = 0; i < model_.layers; ++i)
      beside(layer(),
             i + 1 < model_.layers ? gather(model_.layer_weights) : gather(head_weights()));
    beside(3 * products(model_.end_weights), 0);  // the head, with its gradient
  }

  void backward() {
    for (double i = 0; i < model_.layers; ++i) {
      const double next = i + 1 < model_.layers ? gather(model_.layer_weights) : 0;
      const double before = i > 0 ? reduce(model_.layer_weights) : reduce(head_weights());
      beside((layout_.recompute ? 3 : 2) * layer(), next + before);
    }
    beside(0, reduce(model_.layer_weights) + reduce(model_.end_weights));
  }

  // Of a round. Scores and sums of values take two flops each for every pair of tokens.
  double layer() const {
    return products(model_.layer_weights + 2 * layout_.context * model_.hidden);
  }
  double products(double weights) const {
    return 2 * weights * tokens_ / layout_.rounds / layout_.parts / cluster_.flops;
  }

  double head_weights() const { return model_.tied ? 0 : model_.end_weights; }
  double gather(double weights) const {
    return transfer(weights / layout_.parts * layout_.compute_bytes);
  }
  double reduce(double weights) const { return transfer(weights / layout_.parts * 4); }
  double transfer(double bytes) const { return bytes > 0 ? link_.ring(bytes, layout_.shards) : 0; }

  // A transfer begins with the compute, and is waited for at its end.
  void beside(double compute, double transfer) {
    step_.compute += compute;
    step_.shards += transfer;
    step_.hidden += std::min(compute, transfer);
  }

  const ModelShape& model_;
  const Layout& layout_;
  const Cluster& cluster_;
  const double tokens_;  // of the ranks that compute one model together
  const Link& link_;     // of shards
  StepTime step_;
};

}  // namespace

StepTime PredictStep(const ModelShape& model, const Layout& layout, const Cluster& cluster) {
  return Prediction(model, layout, cluster).run();
}

}  // namespace restem
