#include "kernels/sample_on_device.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <ostream>

#include "kernels/device_array.h"
#include "kernels/sample_reference.h"

namespace restem::testing {
namespace {

using kernels::PhiloxStream;
using kernels::Precision;
using kernels::SamplingRule;

constexpr PhiloxStream kStream = {{1, 2}, {3, 4}};

}  // namespace

std::ostream& operator<<(std::ostream& out, const Device& d) {
  return out << (d.way == Way::kCpu ? "CPU" : "CUDA") << ", "
             << (d.precision == Precision::kFloat32 ? "float32" : "bfloat16");
}

std::string Named(const SamplingRule& rule) {
  return "temperature " + std::to_string(rule.temperature) + " top-k " +
         std::to_string(rule.top_k) + " top-p " + std::to_string(rule.top_p);
}

std::vector<SamplingRule> Rules(int64_t vocab) {
  if (kFewShapes) return {{0.7, 0, 1.0}, {0.7, 4, 0.8}, {0.0, 0, 1.0}};
  return {{1.0, 0, 1.0},
          {0.7, 0, 1.0},
          {0.0, 0, 1.0},
          {0.0, 3, 0.5},
          {1.0, 5, 1.0},
          {1.0, 0, 0.9},
          {0.7, 4, 0.8},
          {1.5, 100, 0.5},
          {1.0, 1, 1.0},
          {1.3, 0, 0.999999},
          {1.0, 0, 0.0},
          {1.2, vocab, 1.0},
          {0.9, std::max<int64_t>(1, vocab / 2), 0.95},
          {1.0, vocab + 7, 0.4}};
}

double UniformOf(int64_t row) { return UniformAt(kStream, static_cast<uint64_t>(row)); }

LogitsMatrix MatrixOf(const std::vector<std::vector<double>>& rows, Precision precision) {
  const auto vocab = static_cast<int64_t>(rows[0].size());
  LogitsMatrix matrix =
      RandomLogits(static_cast<int64_t>(rows.size()), vocab, precision, /*scale=*/1.0, /*seed=*/1);
  matrix.values.clear();
  const int64_t row_bytes = matrix.stride * kernels::BytesOf(precision);
  for (size_t r = 0; r < rows.size(); ++r) {
    const auto bytes = Encoded(rows[r], precision);
    std::copy(
        bytes.begin(), bytes.end(), matrix.bytes.begin() + static_cast<int64_t>(r) * row_bytes);
    const auto values = Decoded(bytes, precision);
    matrix.values.insert(matrix.values.end(), values.begin(), values.end());
  }
  return matrix;
}

std::vector<double> RowOf(const LogitsMatrix& matrix, int64_t row) {
  const auto first = matrix.values.begin() + row * matrix.vocab;
  return {first, first + matrix.vocab};
}

Draws SampleOnCpu(const LogitsMatrix& matrix, const SamplingRule& rule) {
  const auto rows = static_cast<size_t>(matrix.rows);
  std::vector<float> logits(matrix.bytes.size() / sizeof(float));
  std::memcpy(logits.data(), matrix.bytes.data(), matrix.bytes.size());
  std::vector<double> uniforms;
  for (int64_t r = 0; r < matrix.rows; ++r) uniforms.push_back(UniformOf(r));
  Draws draws = {std::vector<int32_t>(rows), std::vector<float>(rows), std::vector<float>(rows)};
  kernels::SampleTokens(
      {matrix.rows, matrix.vocab, matrix.stride},
      rule,
      logits.data(),
      uniforms.data(),
      {draws.tokens.data(), draws.logprobs.data(), draws.sampled_logprobs.data()});
  return draws;
}

Draws SampleOnCuda(const LogitsMatrix& matrix, const SamplingRule& rule) {
  const auto rows = static_cast<size_t>(matrix.rows);
  DeviceArray<unsigned char> logits(matrix.bytes);
  DeviceArray<PhiloxStream> streams(std::vector<PhiloxStream>(rows, kStream));
  std::vector<uint64_t> row_numbers(rows);
  std::iota(row_numbers.begin(), row_numbers.end(), 0);
  DeviceArray<uint64_t> positions(row_numbers);
  DeviceArray<int32_t> tokens(rows);
  DeviceArray<float> logprobs(rows);
  DeviceArray<float> sampled_logprobs(rows);
  const kernels::CudaError error =
      kernels::cuda::SampleTokens({matrix.rows, matrix.vocab, matrix.stride},
                                  rule,
                                  matrix.precision,
                                  logits.data(),
                                  streams.data(),
                                  positions.data(),
                                  {tokens.data(), logprobs.data(), sampled_logprobs.data()},
                                  /*stream=*/nullptr);
  EXPECT_EQ(error, nullptr) << error;
  return {tokens.host(), logprobs.host(), sampled_logprobs.host()};
}

void SampleTokenTest::SetUp() {
  if (!on_cpu() && !HasDevice()) GTEST_SKIP() << "no CUDA device";
}

Draws SampleTokenTest::sample(const LogitsMatrix& matrix, const SamplingRule& rule) const {
  return on_cpu() ? SampleOnCpu(matrix, rule) : SampleOnCuda(matrix, rule);
}

Draws SampleTokenTest::sample(const std::vector<std::vector<double>>& rows,
                              const SamplingRule& rule) const {
  return sample(MatrixOf(rows, GetParam().precision), rule);
}

void SampleTokenTest::expect_as_reference(const LogitsMatrix& matrix,
                                          const SamplingRule& rule) const {
  SCOPED_TRACE(Named(rule) + " vocabulary " + std::to_string(matrix.vocab));
  const Draws draws = sample(matrix, rule);
  for (int64_t r = 0; r < matrix.rows; ++r) {
    const auto i = static_cast<size_t>(r);
    const int32_t token = draws.tokens[i];
    ASSERT_TRUE(0 <= token && token < matrix.vocab) << "row " << r << ": " << token;
    const ReferenceSampler reference(RowOf(matrix, r), rule);
    ASSERT_LE(reference.distance(token, UniformOf(r)), kDrawTolerance)
        << "row " << r << ", token " << token;
    const double expected = reference.logprob(token);
    ASSERT_NEAR(draws.logprobs[i],
                expected,
                RowTolerance(matrix.vocab, std::abs(expected) + std::log(matrix.vocab)))
        << "row " << r;
    const double sampled = reference.sampled_logprob(token);
    ASSERT_NEAR(draws.sampled_logprobs[i], sampled, SampledTolerance(sampled)) << "row " << r;
  }
}

}  // namespace restem::testing
