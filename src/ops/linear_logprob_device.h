// What ops/linear_logprob.cc asks of each device: the op on operands that are checked already.
#pragma once

#include <ATen/core/Tensor.h>

#include "kernels/row_stats.h"
#include "ops/linear_logprob.h"

namespace restem {

struct LogprobOperands {
  at::Tensor hidden;                     // [rows, width]
  at::Tensor weight;                     // [vocab, width]
  const PackedMatrix* packed = nullptr;  // the weight's packed form, if it has one
  at::Tensor targets;                    // [rows] int32
  kernels::LogitTransform transform;
  int64_t logits_bytes = 0;  // 0: the device's default
  // As LogprobOptions has them.
  ModelParts* parts = nullptr;
  int64_t first_token = 0;
  int64_t vocabulary = 0;

  // Rows of the weight of the rank that has most.
  int64_t most_rows() const {
    return parts == nullptr ? weight.size(0) : (vocabulary + parts->size() - 1) / parts->size();
  }
};

struct NllWithGradient {
  LinearLogprobResult scores;
  at::Tensor dhidden;  // [rows, width] float32
  // [vocab, width] float32: dweight_sum, where that was given; of a frozen weight, it may be
  // undefined.
  at::Tensor dweight;
};

// The loss: Σ row_weights·(−logp) + z_loss·Σ row_weights·lse².
struct NllLossOperands {
  at::Tensor row_weights;  // [rows] float32
  double z_loss = 0.0;
  at::Tensor dweight_sum = {};  // [vocab, width] float32 to add dweight to, or undefined
  bool frozen = false;          // nobody wants dweight
};

LinearLogprobResult ScoresOnCpu(const LogprobOperands& operands);
NllWithGradient NllOnCpu(const LogprobOperands& operands, const NllLossOperands& loss);

// On the current stream of the operands' device.
LinearLogprobResult ScoresOnCuda(const LogprobOperands& operands);
NllWithGradient NllOnCuda(const LogprobOperands& operands, const NllLossOperands& loss);

// Operands with parts, on any device.
LinearLogprobResult ScoresInParts(const LogprobOperands& operands);
NllWithGradient NllInParts(const LogprobOperands& operands, const NllLossOperands& loss);

// Room for the scores of so many rows on the device of `like`.
LinearLogprobResult EmptyScores(int64_t rows, const at::Tensor& like);

}  // namespace restem
