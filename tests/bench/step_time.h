// How long an optimizer step of a sharded training (trainer/sharded_model.h) takes: compute, bytes
// and latencies of what it does, layer by layer. Ring collectives: of n ranks each sends (n − 1)/n
// of the whole, in n − 1 hops.
//
//   compute   6 flops a weight and token (8 where activations are computed again), plus attention
//   shards    a layer's matrices are gathered forward and backward, in the compute dtype, and its
//             float32 gradient is reduced once; all of that beside the neighbouring layer's compute
//   replicas  float32 gradients of what a rank has are added up at the end
//   parts     a sum of the float32 activations after attention and after the MLP, forward and
//             backward, and forward again where activations are computed again; nothing beside it
//   update    28 bytes of memory traffic a weight that the rank has
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace restem::bench {

// Of one rank.
struct Link {
  double bandwidth = 0;  // bytes per second, each way
  double latency = 0;    // s of a hop

  // Gathering or reducing `bytes` in all over n ranks.
  double ring(double bytes, double n) const {
    return n <= 1 ? 0.0 : (n - 1) / n * bytes / bandwidth + (n - 1) * latency;
  }
};

struct Machine {
  double flops = 0;             // per second, as achieved by products
  double memory_bandwidth = 0;  // bytes per second
  Link node = {};               // ranks of a node
  Link network = {};            // of others
  int64_t ranks_per_node = 1;
};

struct ModelShape {
  double layers = 0;
  double layer_weights = 0;  // of a layer's matrices
  double end_weights = 0;    // of the embedding, and of lm_head
  double hidden = 0;
  bool tied = false;  // lm_head is the embedding

  double weights() const { return layers * layer_weights + (tied ? 1 : 2) * end_weights; }
  double multiplied() const { return layers * layer_weights + end_weights; }
};

struct Layout {
  double ranks = 1;
  double parts = 1;    // of the model; ranks of a node
  double shards = 1;   // ranks that share a part out
  double tokens = 0;   // of a step
  double context = 0;  // tokens that a token attends to, on average
  double compute_bytes = 2;
  bool recompute = false;
  double rounds = 1;  // times that a step goes through all layers: more than 1 without recompute

  double data() const { return ranks / parts; }
};

// Seconds.
struct StepTime {
  double compute = 0;
  double shards = 0;  // of which `hidden` beside compute
  double hidden = 0;
  double parts = 0;
  double replicas = 0;
  double update = 0;

  double total() const { return compute + shards - hidden + parts + replicas + update; }
  // Of `flops` that a rank could do: those that the model needs, whatever is computed twice.
  double mfu(const ModelShape& model, const Layout& layout, double flops) const {
    const double attention = 2 * model.layers * layout.context * model.hidden;
    return 6 * (model.multiplied() + attention) * layout.tokens / layout.ranks / flops / total();
  }
};

inline StepTime PredictStep(const ModelShape& model, const Layout& layout, const Machine& machine) {
  const double tokens = layout.tokens / layout.data();  // of a group of parts
  const auto forward = [&](double weights, double attention) {
    return 2 * (weights + attention) * tokens / layout.parts / machine.flops;
  };
  // Scores and sums of values: 2 flops each for every pair.
  const double layer = forward(model.layer_weights, 2 * layout.context * model.hidden);
  const double head = forward(model.end_weights, 0);
  const Link& link = layout.shards * layout.parts <= static_cast<double>(machine.ranks_per_node)
                         ? machine.node
                         : machine.network;
  const auto gather = [&](double weights) {
    return link.ring(weights / layout.parts * layout.compute_bytes, layout.shards);
  };
  const auto reduce = [&](double weights) {
    return link.ring(weights / layout.parts * 4, layout.shards);
  };
  StepTime step;
  // A layer's transfer begins with its neighbour's compute, and is waited for at its end.
  const auto beside = [&](double compute, double transfer) {
    step.compute += compute;
    step.shards += transfer;
    step.hidden += std::min(compute, transfer);
  };
  for (double round = 0; round < layout.rounds; ++round) {
    const double part = 1 / layout.rounds;
    beside(0, gather(model.end_weights));
    beside(0, gather(model.layer_weights));
    for (double i = 0; i < model.layers; ++i)
      beside(layer * part,
             i + 1 < model.layers ? gather(model.layer_weights)
                                  : (model.tied ? 0.0 : gather(model.end_weights)));
    beside(3 * head * part, 0);
    const double backward = (layout.recompute ? 3 : 2) * layer * part;
    for (double i = 0; i < model.layers; ++i) {
      const double next = i + 1 < model.layers ? gather(model.layer_weights) : 0.0;
      const double before =
          i > 0 ? reduce(model.layer_weights) : (model.tied ? 0.0 : reduce(model.end_weights));
      beside(backward, next + before);
    }
    beside(0, reduce(model.layer_weights) + reduce(model.end_weights));
  }
  const double activations = tokens * model.hidden * 4;
  const double sums = (layout.recompute ? 6 : 4) * model.layers;
  step.parts = sums * 2 * machine.node.ring(activations, layout.parts);
  const double own = model.weights() / layout.parts / layout.shards;
  step.replicas = 2 * machine.network.ring(own * 4, layout.data() / layout.shards);
  step.update = own * 28 / machine.memory_bandwidth;
  return step;
}

}  // namespace restem::bench
