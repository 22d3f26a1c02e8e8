// What the log-prob kernels should give, in float64, and how far they may be from it.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "kernels/softmax_logprob.h"

namespace restem::testing {

// Sanitizers take long: under them large shapes are left out, under ThreadSanitizer, to which every
// CUDA thread is a thread, all but a few.
#if defined(__SANITIZE_THREAD__)
inline constexpr bool kLargeShapes = false;
inline constexpr bool kFewShapes = true;
#elif defined(__SANITIZE_ADDRESS__)
inline constexpr bool kLargeShapes = false;
inline constexpr bool kFewShapes = false;
#else
inline constexpr bool kLargeShapes = true;
inline constexpr bool kFewShapes = false;
#endif

// A matrix of logits as some precision holds it.
struct LogitsMatrix {
  int64_t rows = 0;
  int64_t vocab = 0;
  int64_t stride = 0;
  kernels::Precision precision = kernels::Precision::kFloat32;
  std::vector<double> values;        // [rows, vocab], each one that the precision can hold
  std::vector<unsigned char> bytes;  // [rows, stride] elements; NaN between vocab and stride
};

// Normal logits times `scale`, the same for the same seed. The stride is the least that kernels
// take, plus one vector.
LogitsMatrix RandomLogits(
    int64_t rows, int64_t vocab, kernels::Precision precision, double scale, uint32_t seed);

// [rows, stride] elements back to [rows, vocab].
std::vector<double> ValuesOf(const std::vector<unsigned char>& bytes, const LogitsMatrix& like);

// Elements of a precision, from and to float64.
std::vector<unsigned char> Encoded(const std::vector<double>& values, kernels::Precision precision);
std::vector<double> Decoded(const std::vector<unsigned char>& bytes, kernels::Precision precision);

struct Reference {
  std::vector<double> logp, lse, entropy;  // [rows]
  std::vector<double> gradient;            // [rows, vocab], with respect to the logits
};

Reference ReferenceOf(const LogitsMatrix& logits,
                      const kernels::LogitTransform& transform,
                      const std::vector<int32_t>& targets,
                      const std::vector<float>& weights,
                      double z_loss);

// |actual − expected| <= absolute + relative·|expected| everywhere; else names the worst element.
::testing::AssertionResult AllNear(const std::vector<double>& actual,
                                   const std::vector<double>& expected,
                                   double absolute,
                                   double relative);

// Bound of a row result's error. Sums of `vocab` terms in float32 run over at most 128 lanes or
// threads and then a tree: vocab / 128 + 16 roundings at worst, each half a unit in the last place
// of 2^-23. An exponential of x is off by |x|·2^-24 + 2^-22 relatively, the subtraction of the
// maximum by |x|·2^-24: only terms near the maximum count, whose x is below 32. The values
// themselves are rounded once more.
double RowTolerance(int64_t vocab, double largest_value);

}  // namespace restem::testing
