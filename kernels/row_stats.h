// What is known of a row of logits after some of its columns, and how two such accounts become one:
// the same code on host and device, for blocks of the vocabulary, threads, and vocabulary shards.
#pragma once

#include <cmath>

#include "kernels/cuda_types.h"

namespace restem::kernels {

struct RowStats {
  float max = 0.0F;           // largest logit so far
  float sum = 0.0F;           // Σ exp(logit − max); 0 before the first column
  float offset_sum = 0.0F;    // Σ exp(logit − max)·(logit − max)
  float target_logit = 0.0F;  // logits[target]; 0 until its column came
};

// The statistics of two sets of columns; either may be empty.
RESTEM_HOST_DEVICE inline RowStats Merged(const RowStats& a, const RowStats& b) {
  const float target_logit = a.target_logit + b.target_logit;
  // Logits of -inf alone have no sum either, but an offset_sum that is NaN.
  if (b.sum == 0.0F && b.offset_sum == 0.0F) return {a.max, a.sum, a.offset_sum, target_logit};
  if (a.sum == 0.0F && a.offset_sum == 0.0F) return {b.max, b.sum, b.offset_sum, target_logit};
  const float max = a.max < b.max ? b.max : a.max;
  const float a_scale = expf(a.max - max);
  const float b_scale = expf(b.max - max);
  return {max,
          a.sum * a_scale + b.sum * b_scale,
          a_scale * (a.offset_sum + (a.max - max) * a.sum) +
              b_scale * (b.offset_sum + (b.max - max) * b.sum),
          target_logit};
}

// lse = log Σ exp(logits), logp = logits[target] − lse, entropy = lse − Σ p·logits.
struct RowResult {
  float logp;
  float lse;
  float entropy;
};

RESTEM_HOST_DEVICE inline RowResult Finished(const RowStats& stats) {
  const float log_sum = logf(stats.sum);
  return {(stats.target_logit - stats.max) - log_sum,
          stats.max + log_sum,
          log_sum - stats.offset_sum / stats.sum};
}

// What a model does to a logit before the softmax: cap·tanh(logit / cap) where there is a cap, then
// a division by the temperature.
struct LogitTransform {
  float soft_cap = 0.0F;             // 0: none
  float inverse_temperature = 1.0F;  // > 0
};

template <bool kCapped>
RESTEM_HOST_DEVICE inline float Transformed(const LogitTransform& transform, float logit) {
  // 0·logit: a cap must not make a number of what is none.
  if (kCapped) logit = transform.soft_cap * tanhf(logit / transform.soft_cap) + 0.0F * logit;
  return logit * transform.inverse_temperature;
}

// d Transformed / d logit, from the transformed value.
template <bool kCapped>
RESTEM_HOST_DEVICE inline float TransformSlope(const LogitTransform& transform, float transformed) {
  if (!kCapped) return transform.inverse_temperature;
  const float t = transformed / (transform.inverse_temperature * transform.soft_cap);  // the tanh
  return transform.inverse_temperature * (1.0F - t * t);
}

// What a row's gradient is made of: gradient of weight·(−logp) + z_loss·weight·lse² with respect to
// the transformed logits is factor·softmax − weight·onehot(target).
RESTEM_HOST_DEVICE inline float GradientFactor(float weight, float z_loss, float lse) {
  return weight * (1.0F + 2.0F * z_loss * lse);
}

}  // namespace restem::kernels
