// Draws on the CPU or by CUDA, and what they are compared with.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <iosfwd>
#include <string>
#include <vector>

#include "kernels/logits_reference.h"
#include "kernels/sample_token.h"

namespace restem::testing {

enum class Way { kCpu, kCuda };

struct Device {
  Way way;
  kernels::Precision precision;
};

std::ostream& operator<<(std::ostream& out, const Device& device);

std::string Named(const kernels::SamplingRule& rule);

// Where a draw can be made, and from which logits.
inline auto EveryDevice() {
  return ::testing::Values(Device{Way::kCpu, kernels::Precision::kFloat32},
                           Device{Way::kCuda, kernels::Precision::kFloat32},
                           Device{Way::kCuda, kernels::Precision::kBfloat16});
}

// Each filter alone, all together, and at its ends. Under ThreadSanitizer a few.
std::vector<kernels::SamplingRule> Rules(int64_t vocab);

struct Draws {
  std::vector<int32_t> tokens;
  std::vector<float> logprobs, sampled_logprobs;  // each [rows]

  bool operator==(const Draws&) const = default;
};

// Rows of logits as a precision holds them.
LogitsMatrix MatrixOf(const std::vector<std::vector<double>>& rows, kernels::Precision precision);

std::vector<double> RowOf(const LogitsMatrix& matrix, int64_t row);

// What decides row `row`: the uniform number at its position of one stream.
double UniformOf(int64_t row);

Draws SampleOnCpu(const LogitsMatrix& matrix, const kernels::SamplingRule& rule);
Draws SampleOnCuda(const LogitsMatrix& matrix, const kernels::SamplingRule& rule);

// How far a draw may be from what its uniform number says, in probability. An exponential of x is
// off by |x|·2^-24 + 2^-22 relatively; weighted by probability |x| is below log(151936) < 12 and
// the temperature's rounding the same again; what is summed in float32 is at most 64 numbers in a
// row, 64·2^-24; sums and uniform meet twice, for top-p and for the draw.
inline constexpr double kDrawTolerance = 2.0 * (2.0 * 12.0 + 4.0 + 64.0) / 0x1p24;

inline double SampledTolerance(double logprob) {
  return kDrawTolerance + std::abs(logprob) * 0x1p-23;
}

class SampleTokenTest : public ::testing::TestWithParam<Device> {
 protected:
  void SetUp() override;

  bool on_cpu() const { return GetParam().way == Way::kCpu; }
  // On the host executor a row takes milliseconds.
  bool slow() const { return !on_cpu() && kOnHost; }

  Draws sample(const LogitsMatrix& matrix, const kernels::SamplingRule& rule) const;
  Draws sample(const std::vector<std::vector<double>>& rows,
               const kernels::SamplingRule& rule) const;

  // Every row's draw and logprobs against the reference.
  void expect_as_reference(const LogitsMatrix& matrix, const kernels::SamplingRule& rule) const;

#ifdef RESTEM_CUDA_ON_HOST
  static constexpr bool kOnHost = true;
#else
  static constexpr bool kOnHost = false;
#endif
};

}  // namespace restem::testing
