// What training computes between products, with its gradients, against float64; on a GPU or on the
// host executor.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <random>

#include "kernels/device_array.h"
#include "kernels/glu.h"
#include "kernels/logits_reference.h"
#include "kernels/rope.h"

namespace restem::testing {
namespace {

using kernels::Activation;
using kernels::Precision;
namespace cuda = kernels::cuda;
using Bytes = DeviceArray<unsigned char>;

std::vector<double> Normal(int64_t size, uint32_t seed, Precision precision) {
  std::mt19937 engine(seed);
  std::normal_distribution<double> normal;
  std::vector<double> values(static_cast<size_t>(size));
  for (double& value : values) value = normal(engine);
  return Decoded(Encoded(values, precision), precision);
}

struct GluReference {
  std::vector<double> y, dgate, dup;
};

// By the definition: act(z) = z·σ(s(z)), act' = σ + z·σ·(1 − σ)·s'(z).
GluReference ReferenceGlu(Activation activation,
                          const std::vector<double>& dy,
                          const std::vector<double>& gate,
                          const std::vector<double>& up) {
  GluReference result;
  for (size_t i = 0; i < gate.size(); ++i) {
    const double z = gate[i];
    const double other = up.empty() ? 1.0 : up[i];
    const bool silu = activation == Activation::kSilu;
    const double root = std::sqrt(8.0 / std::numbers::pi);
    const double inner = silu ? z : root * (z + 0.044715 * z * z * z);
    const double inner_slope = silu ? 1.0 : root * (1.0 + 3.0 * 0.044715 * z * z);
    const double sigmoid = 1.0 / (1.0 + std::exp(-inner));
    const double slope = std::abs(z) > 60.0 ? (z > 0.0 ? 1.0 : 0.0)
                                            : sigmoid + z * sigmoid * (1.0 - sigmoid) * inner_slope;
    result.y.push_back(z * sigmoid * other);
    result.dup.push_back(dy[i] * z * sigmoid);
    result.dgate.push_back(dy[i] * other * slope);
  }
  return result;
}

class TrainOpsTest : public ::testing::TestWithParam<Precision> {
 protected:
  void SetUp() override {
    if (!HasDevice()) GTEST_SKIP() << "no CUDA device";
  }
  // A result's last rounding, and some in float32.
  static double relative() {
    return (GetParam() == Precision::kFloat32 ? 0.0 : std::ldexp(1.0, -8)) + std::ldexp(16.0, -24);
  }
  static std::vector<double> values(const Bytes& bytes) {
    return Decoded(bytes.host(), GetParam());
  }
};

// Gates at which e^−gate is infinite, or nothing beside 1; -200 once came out as NaN on the CPU.
TEST_P(TrainOpsTest, GluAndItsGradient) {
  constexpr int64_t kCount = 1501;
  auto gate = Normal(kCount, 1, GetParam());
  gate[0] = -1000.0;
  gate[1] = 1000.0;
  gate[2] = -64.0;
  gate[3] = -200.0;
  const auto up = Normal(kCount, 2, GetParam());
  const auto dy = Normal(kCount, 3, GetParam());
  Bytes of_gate(Encoded(gate, GetParam()));
  Bytes of_up(Encoded(up, GetParam()));
  Bytes of_dy(Encoded(dy, GetParam()));
  Bytes y(of_gate.bytes());
  Bytes dgate(of_gate.bytes());
  Bytes dup(of_gate.bytes());
  for (const Activation activation : {Activation::kSilu, Activation::kGeluTanh}) {
    for (const bool gated : {true, false}) {
      const auto* other = gated ? of_up.data() : nullptr;
      EXPECT_STREQ(cuda::GluForward(
                       activation, GetParam(), kCount, of_gate.data(), other, y.data(), nullptr),
                   nullptr);
      EXPECT_STREQ(cuda::GluBackward(activation,
                                     GetParam(),
                                     kCount,
                                     of_dy.data(),
                                     of_gate.data(),
                                     other,
                                     dgate.data(),
                                     gated ? dup.data() : nullptr,
                                     nullptr),
                   nullptr);
      const GluReference expected =
          ReferenceGlu(activation, dy, gate, gated ? up : std::vector<double>());
      // σ's error of 2^-22 + 2^-24·|s|, times factors of up to 4 each.
      const double absolute = std::ldexp(1.0, -17);
      EXPECT_TRUE(AllNear(values(y), expected.y, absolute, relative())) << gated;
      EXPECT_TRUE(AllNear(values(dgate), expected.dgate, absolute, relative())) << gated;
      if (gated) {
        EXPECT_TRUE(AllNear(values(dup), expected.dup, absolute, relative()));
      }
    }
  }
}

// Heads whose last elements stay, and heads that are turned as a whole; there and back.
TEST_P(TrainOpsTest, Rope) {
  constexpr int64_t kRows = 5;
  constexpr int64_t kHeads = 3;
  const std::vector<int32_t> positions = {0, 1, 7, 7, 2};
  for (const auto& [head_dim, rotary_dim] : {std::pair<int64_t, int64_t>{10, 6}, {64, 64}}) {
    const int64_t half = rotary_dim / 2;
    std::vector<float> cosines;
    std::vector<float> sines;
    for (int64_t i = 0; i < 8 * half; ++i) {
      cosines.push_back(std::cos(0.1F * static_cast<float>(i)));
      sines.push_back(std::sin(0.1F * static_cast<float>(i)));
    }
    const auto x = Normal(kRows * kHeads * head_dim, 1, GetParam());
    std::vector<double> expected = x;
    for (int64_t head = 0; head < kRows * kHeads; ++head) {
      for (int64_t i = 0; i < half; ++i) {
        const auto angle =
            static_cast<size_t>(positions[static_cast<size_t>(head / kHeads)] * half + i);
        const auto at = static_cast<size_t>(head * head_dim + i);
        const auto other = at + static_cast<size_t>(half);
        expected[at] = x[at] * double{cosines[angle]} - x[other] * double{sines[angle]};
        expected[other] = x[other] * double{cosines[angle]} + x[at] * double{sines[angle]};
      }
    }
    DeviceArray<int32_t> of_rows(positions);
    DeviceArray<float> of_cosines(cosines);
    DeviceArray<float> of_sines(sines);
    Bytes of_x(Encoded(x, GetParam()));
    Bytes y(of_x.bytes());
    cuda::RopeInput input = {kRows,
                             kHeads,
                             head_dim,
                             rotary_dim,
                             of_rows.data(),
                             of_cosines.data(),
                             of_sines.data(),
                             1.0F,
                             GetParam()};
    EXPECT_STREQ(cuda::Rope(input, of_x.data(), y.data(), nullptr), nullptr);
    const double absolute = std::ldexp(8.0, -24);
    EXPECT_TRUE(AllNear(values(y), expected, absolute, relative())) << head_dim;
    input.direction = -1.0F;
    EXPECT_STREQ(cuda::Rope(input, y.data(), y.data(), nullptr), nullptr);
    // Two roundings of numbers of up to 5.
    EXPECT_TRUE(AllNear(values(y), x, absolute + 8.0 * relative(), 0.0)) << head_dim;
  }
}

INSTANTIATE_TEST_SUITE_P(Precisions,
                         TrainOpsTest,
                         ::testing::Values(Precision::kFloat32, Precision::kBfloat16));

TEST(TrainOps, RefuseWhatTheyCannotDo) {
  alignas(16) float memory[8] = {};
  constexpr auto kType = Precision::kFloat32;
  EXPECT_STREQ(cuda::GluForward(Activation::kSilu, kType, 4, memory + 1, nullptr, memory, nullptr),
               "cudaErrorMisalignedAddress");
  EXPECT_STREQ(
      cuda::GluBackward(
          Activation::kSilu, kType, 4, memory, memory, nullptr, memory + 2, nullptr, nullptr),
      "cudaErrorMisalignedAddress");
  cuda::RopeInput input;
  input.head_dim = 4;
  input.rotary_dim = 6;
  EXPECT_STREQ(cuda::Rope(input, memory, memory, nullptr), "cudaErrorNotSupported");
}

}  // namespace
}  // namespace restem::testing
