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

#include <cstdint>

namespace restem {

// Of one rank.
struct Link {
  double bandwidth = 0;  // bytes per second, each way
  double latency = 0;    // s of a hop

  // Seconds of gathering or reducing `bytes` in all over n ranks.
  double ring(double bytes, double n) const;
};

struct Cluster {
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
  // The share of `flops` that a rank could do which the model needs, whatever is computed twice.
  double mfu(const ModelShape& model, const Layout& layout, double flops) const;
};

StepTime PredictStep(const ModelShape& model, const Layout& layout, const Cluster& cluster);

}  // namespace restem
