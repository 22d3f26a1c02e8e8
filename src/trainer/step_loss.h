// The loss of one optimizer step, Σ w·(−log p) / Σ w over all its examples, made up of its
// micro-batches' parts.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>

#include "data/packing.h"
#include "model/decoder.h"

namespace restem {

// Of some of a step's micro-batches.
struct StepLoss {
  double loss = 0.0;     // plus the z-loss if any
  double entropy = 0.0;  // weighted mean over the target positions, nats
  int64_t tokens = 0;    // input rows computed

  void add(const StepLoss& other);
};

// What the weights of a step's targets are divided by.
double SumOfWeights(std::span<const PackedBatch> batches);

// A micro-batch's part, from the live rows' hidden states [live, hidden] float32 on. The loss is
// differentiated at once, down to `hidden` and to what it was computed from; the gradient to the
// output embedding is added to `head_gradient` [vocab, hidden] float32.
StepLoss LossWithGradient(const Model& model,
                          const PackedBatch& batch,
                          const at::Tensor& hidden,
                          double total_weight,
                          double z_loss,
                          const at::Tensor& head_gradient);

}  // namespace restem
