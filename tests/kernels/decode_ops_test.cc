// What stands between a decode step's products, against float64; on a GPU or on the host executor.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <random>

#include "kernels/device_array.h"
#include "kernels/embedding.h"
#include "kernels/glu.h"
#include "kernels/logits_reference.h"
#include "kernels/rms_norm.h"

namespace restem::testing {
namespace {

using kernels::Activation;
using kernels::Precision;
namespace cuda = kernels::cuda;

std::vector<double> Normal(int64_t size, uint32_t seed, Precision precision) {
  std::mt19937 engine(seed);
  std::normal_distribution<double> normal;
  std::vector<double> values(static_cast<size_t>(size));
  for (double& value : values) value = normal(engine);
  return Decoded(Encoded(values, precision), precision);
}

std::vector<float> Narrow(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

class DecodeOpsTest : public ::testing::TestWithParam<Precision> {
 protected:
  void SetUp() override {
    if (!HasDevice()) GTEST_SKIP() << "no CUDA device";
  }

  // Relative error of a result: its last rounding, and `roundings` in float32.
  static double relative(double roundings) {
    return (GetParam() == Precision::kFloat32 ? 0.0 : std::ldexp(1.0, -8)) +
           roundings * std::ldexp(1.0, -24);
  }

  static std::vector<int64_t> widths() {
    if (kFewShapes) return {4, 100};
    return {4, 100, 896, 1024, 1028, 3584};  // a block works on 1024 elements at once
  }
};

// Rows of norms of rows of x.
std::vector<double> Norms(const std::vector<double>& x,
                          const std::vector<double>& weight,
                          double eps) {
  std::vector<double> y = x;
  const size_t width = weight.size();
  for (size_t at = 0; at < x.size(); at += width) {
    double squares = 0.0;
    for (size_t i = 0; i < width; ++i) squares += x[at + i] * x[at + i];
    for (size_t i = 0; i < width; ++i)
      y[at + i] *= weight[i] / std::sqrt(squares / static_cast<double>(width) + eps);
  }
  return y;
}

constexpr float kEps = 1e-3F;

// The root of the mean square has the roundings of its sum, half of width / 1024 + 13 at most.
TEST_P(DecodeOpsTest, NormOfChosenRows) {
  for (const int64_t width : widths()) {
    const auto x = Normal(5 * width, 1, Precision::kFloat32);
    const auto weight = Normal(width, 2, Precision::kFloat32);
    const std::vector<int32_t> chosen = {4, 0, 0, 2};
    std::vector<double> rows;
    for (const int32_t row : chosen)
      rows.insert(rows.end(), x.begin() + row * width, x.begin() + (row + 1) * width);
    DeviceArray<float> on_device(Narrow(x));
    DeviceArray<float> of_norm(Narrow(weight));
    DeviceArray<int32_t> index(chosen);
    DeviceArray<unsigned char> y(rows.size() * static_cast<size_t>(kernels::BytesOf(GetParam())));
    const cuda::RmsNormInput input = {4, width, of_norm.data(), kEps, GetParam()};
    EXPECT_STREQ(cuda::RmsNorm(input, on_device.data(), index.data(), y.data(), nullptr), nullptr);
    EXPECT_TRUE(AllNear(
        Decoded(y.host(), GetParam()), Norms(rows, weight, double{kEps}), 1e-30, relative(24.0)))
        << width;
  }
}

TEST_P(DecodeOpsTest, NormOfASum) {
  for (const int64_t width : widths()) {
    for (const bool biased : {false, true}) {
      auto x = Normal(3 * width, 1, Precision::kFloat32);
      const auto weight = Normal(width, 2, Precision::kFloat32);
      const auto addend = Normal(3 * width, 3, GetParam());
      const auto bias = Normal(width, 4, Precision::kFloat32);
      DeviceArray<float> sums(Narrow(x));
      DeviceArray<float> of_norm(Narrow(weight));
      DeviceArray<float> of_addend(Narrow(bias));
      DeviceArray<unsigned char> to_add(Encoded(addend, GetParam()));
      DeviceArray<unsigned char> y(to_add.bytes());
      const cuda::RmsNormInput input = {3, width, of_norm.data(), kEps, GetParam()};
      EXPECT_STREQ(cuda::AddRmsNorm(input,
                                    to_add.data(),
                                    biased ? of_addend.data() : nullptr,
                                    sums.data(),
                                    y.data(),
                                    nullptr),
                   nullptr);
      for (size_t i = 0; i < x.size(); ++i)
        x[i] += addend[i] + (biased ? bias[i % static_cast<size_t>(width)] : 0.0);
      const auto sum = sums.host();
      const std::vector<double> actual(sum.begin(), sum.end());
      // Terms of up to about 8 are rounded; what cancels keeps their error.
      const double error = std::ldexp(16.0, -24);
      EXPECT_TRUE(AllNear(actual, x, error, 0.0)) << width;
      EXPECT_TRUE(AllNear(Decoded(y.host(), GetParam()),
                          Norms(actual, weight, double{kEps}),
                          1e-30,
                          relative(24.0)))
          << width;
    }
  }
}

TEST_P(DecodeOpsTest, ARowsNormDoesNotDependOnTheOthers) {
  constexpr int64_t kWidth = 1500;
  const auto x = Narrow(Normal(3 * kWidth, 1, Precision::kFloat32));
  const auto norm = [&](std::vector<float> rows) {
    DeviceArray<float> on_device(rows);
    DeviceArray<float> weight(std::vector<float>(kWidth, 0.3F));
    DeviceArray<unsigned char> y(rows.size() * static_cast<size_t>(kernels::BytesOf(GetParam())));
    const auto count = static_cast<int64_t>(rows.size()) / kWidth;
    EXPECT_STREQ(cuda::RmsNorm({count, kWidth, weight.data(), kEps, GetParam()},
                               on_device.data(),
                               nullptr,
                               y.data(),
                               nullptr),
                 nullptr);
    return y.host();
  };
  const auto together = norm(x);
  const auto alone = norm({x.begin() + kWidth, x.begin() + 2 * kWidth});
  const auto size = static_cast<std::ptrdiff_t>(alone.size());
  EXPECT_TRUE(std::equal(alone.begin(), alone.end(), together.begin() + size));
}

// Gates at which e^−gate is infinite, or nothing beside 1.
TEST_P(DecodeOpsTest, Glu) {
  constexpr int64_t kRows = 3;
  for (const int64_t width : widths()) {
    auto gate_up = Normal(kRows * 2 * width, 1, GetParam());
    gate_up[0] = -1000.0;
    gate_up[1] = 1000.0;
    gate_up[2] = -64.0;
    const auto bias = Normal(2 * width, 2, Precision::kFloat32);
    for (const bool biased : {false, true}) {
      const Activation activation = biased ? Activation::kGeluTanh : Activation::kSilu;
      std::vector<double> expected;
      for (int64_t i = 0; i < kRows * width; ++i) {
        const int64_t column = i % width;
        const auto at = static_cast<size_t>(i / width * 2 * width + column);
        const auto of_gate = static_cast<size_t>(column);
        const auto w = static_cast<size_t>(width);
        const double gate = gate_up[at] + (biased ? bias[of_gate] : 0.0);
        const double up = gate_up[at + w] + (biased ? bias[of_gate + w] : 0.0);
        const double cubic =
            std::sqrt(8.0 / std::numbers::pi) * (gate + 0.044715 * gate * gate * gate);
        const double inner = biased ? cubic : gate;
        expected.push_back(gate / (1.0 + std::exp(-inner)) * up);
      }
      DeviceArray<unsigned char> x(Encoded(gate_up, GetParam()));
      DeviceArray<float> of_products(Narrow(bias));
      DeviceArray<unsigned char> y(x.bytes() / 2);
      EXPECT_STREQ(cuda::Glu(activation,
                             GetParam(),
                             kRows,
                             width,
                             x.data(),
                             biased ? of_products.data() : nullptr,
                             y.data(),
                             nullptr),
                   nullptr);
      // A sum with the bias is off by 2^-22 at most; so is its product with a factor of up to 4.
      EXPECT_TRUE(
          AllNear(Decoded(y.host(), GetParam()), expected, std::ldexp(1.0, -19), relative(16.0)))
          << width;
    }
  }
}

TEST_P(DecodeOpsTest, EmbeddingsOfTokens) {
  for (const int64_t width : widths()) {
    const auto table = Normal(7 * width, 1, GetParam());
    const std::vector<int32_t> tokens = {6, 0, -1, 3, 3};
    std::vector<double> expected;
    for (const int32_t token : tokens)
      for (int64_t i = 0; i < width; ++i)
        expected.push_back(token < 0 ? 0.0 : table[static_cast<size_t>(token * width + i)]);
    DeviceArray<unsigned char> rows(Encoded(table, GetParam()));
    DeviceArray<int32_t> chosen(tokens);
    DeviceArray<float> x(expected.size());
    const cuda::EmbeddingTable whole = {GetParam(), width, rows.data(), 0, 7};
    EXPECT_STREQ(cuda::EmbedTokens(whole, 5, chosen.data(), x.data(), nullptr), nullptr);
    EXPECT_EQ(x.host(), Narrow(expected)) << width;
    // Of a part that has tokens 1 to 5, the others are zeros.
    std::fill_n(expected.begin(), 3 * width, 0.0);
    const auto bytes = Encoded(table, GetParam());
    const auto row = static_cast<std::ptrdiff_t>(bytes.size() / 7);
    DeviceArray<unsigned char> own({bytes.begin() + row, bytes.end() - row});
    const cuda::EmbeddingTable part = {GetParam(), width, own.data(), 1, 5};
    EXPECT_STREQ(cuda::EmbedTokens(part, 5, chosen.data(), x.data(), nullptr), nullptr);
    EXPECT_EQ(x.host(), Narrow(expected)) << width << ", a part";
  }
}

INSTANTIATE_TEST_SUITE_P(Precisions,
                         DecodeOpsTest,
                         ::testing::Values(Precision::kFloat32, Precision::kBfloat16));

TEST(DecodeOps, RefuseWhatTheyCannotDo) {
  alignas(16) float memory[8] = {};
  constexpr auto kType = Precision::kFloat32;
  EXPECT_STREQ(cuda::Glu(Activation::kSilu, kType, 1, 6, nullptr, nullptr, nullptr, nullptr),
               "cudaErrorNotSupported");
  EXPECT_STREQ(cuda::Glu(Activation::kSilu, kType, 1, 4, memory + 1, nullptr, nullptr, nullptr),
               "cudaErrorMisalignedAddress");
  EXPECT_STREQ(cuda::EmbedTokens({kType, 6, nullptr, 0, 1}, 1, nullptr, nullptr, nullptr),
               "cudaErrorNotSupported");
  EXPECT_STREQ(cuda::EmbedTokens({kType, 4, nullptr, 0, 1}, 1, nullptr, memory + 2, nullptr),
               "cudaErrorMisalignedAddress");
  EXPECT_STREQ(cuda::RmsNorm({1, 6, nullptr, kEps, kType}, nullptr, nullptr, nullptr, nullptr),
               "cudaErrorNotSupported");
  EXPECT_STREQ(
      cuda::AddRmsNorm({1, 4, memory, kEps, kType}, memory + 3, nullptr, nullptr, nullptr, nullptr),
      "cudaErrorMisalignedAddress");
}

}  // namespace
}  // namespace restem::testing
