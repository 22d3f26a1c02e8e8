// Products with packed weights against float64, and that a row's bits are its own.
#include "kernels/packed_product.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <ostream>
#include <random>
#include <vector>

#include "kernels/packed_product_bf16-inl.h"

namespace restem::kernels {
namespace {

struct Case {
  int64_t rows, out, in;
  Precision precision;
};

std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << "[" << c.rows << ", " << c.in << "] x [" << c.out << "] "
             << (c.precision == Precision::kFloat32 ? "float32" : "bfloat16");
}

std::vector<float> Random(int64_t count, uint32_t seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = normal(engine);
  return values;
}

float NearestBfloat16(float x) { return std::bit_cast<float>(uint32_t{ToBfloat16(x)} << 16); }

// A weight in both forms.
struct Weight {
  std::vector<float> values;  // [out, in], as the precision has them
  std::vector<float> panels;  // bytes enough for either precision
  PackedWeightView view;

  Weight(const Case& c, uint32_t seed) : values(Random(c.out * c.in, seed)) {
    view = {nullptr, c.precision, c.out, c.in};
    panels.resize(static_cast<size_t>(PackedWeightView::size(c.precision, c.out, c.in)));
    if (c.precision == Precision::kFloat32) {
      PackWeight(values.data(), c.out, c.in, panels.data());
    } else {
      std::vector<uint16_t> bits;
      for (float& value : values) {
        value = NearestBfloat16(value);
        bits.push_back(static_cast<uint16_t>(std::bit_cast<uint32_t>(value) >> 16));
      }
      PackWeight(bits.data(), c.out, c.in, reinterpret_cast<uint16_t*>(panels.data()));
    }
    view.panels = panels.data();
  }
};

class PackedProductTest : public ::testing::TestWithParam<Case> {};

TEST_P(PackedProductTest, IsTheProductInFloat64) {
  const Case c = GetParam();
  const Weight weight(c, 1);
  std::vector<float> x = Random(c.rows * c.in, 2);
  const std::vector<float> bias = Random(c.out, 3);
  std::vector<float> y(static_cast<size_t>(c.rows * c.out), NAN);
  PackedProduct(weight.view, x.data(), bias.data(), c.rows, {0, c.out, c.out}, y.data());
  if (c.precision == Precision::kBfloat16) {
    for (float& value : x) value = NearestBfloat16(value);
  }
  for (int64_t r = 0; r < c.rows; ++r) {
    for (int64_t o = 0; o < c.out; ++o) {
      double expected = bias[static_cast<size_t>(o)];
      double size = std::abs(expected);
      for (int64_t i = 0; i < c.in; ++i) {
        const double term = double{x[static_cast<size_t>(r * c.in + i)]} *
                            weight.values[static_cast<size_t>(o * c.in + i)];
        expected += term;
        size += std::abs(term);
      }
      // A chain of n roundings errs by at most n·2^-24 of the terms' sizes, on average by √n.
      const double tolerance = 4.0 * std::sqrt(static_cast<double>(c.in) + 1.0) * 0x1p-24 * size;
      ASSERT_NEAR(y[static_cast<size_t>(r * c.out + o)], expected, tolerance)
          << "row " << r << " column " << o;
    }
  }
}

TEST_P(PackedProductTest, ARowsBitsDoNotDependOnOtherRowsOrColumns) {
  const Case c = GetParam();
  const Weight weight(c, 1);
  const std::vector<float> x = Random(c.rows * c.in, 2);
  std::vector<float> together(static_cast<size_t>(c.rows * c.out));
  PackedProduct(weight.view, x.data(), nullptr, c.rows, {0, c.out, c.out}, together.data());
  std::vector<float> alone(static_cast<size_t>(c.out));
  for (int64_t r = 0; r < c.rows; ++r) {
    PackedProduct(weight.view, x.data() + r * c.in, nullptr, 1, {0, c.out, c.out}, alone.data());
    ASSERT_EQ(
        0,
        std::memcmp(
            alone.data(), together.data() + r * c.out, static_cast<size_t>(c.out) * sizeof(float)))
        << "row " << r;
  }
  const int64_t first = c.out / 2 / kPanelWidth * kPanelWidth;
  const int64_t count = c.out - first;
  const int64_t stride = count + 3;
  std::vector<float> part(static_cast<size_t>(c.rows * stride), -7.0F);
  PackedProduct(weight.view, x.data(), nullptr, c.rows, {first, count, stride}, part.data());
  for (int64_t r = 0; r < c.rows; ++r) {
    for (int64_t o = 0; o < stride; ++o) {
      const float expected =
          o < count ? together[static_cast<size_t>(r * c.out + first + o)] : -7.0F;
      ASSERT_EQ(part[static_cast<size_t>(r * stride + o)], expected) << r << " " << o;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes,
                         PackedProductTest,
                         ::testing::Values(Case{1, 1, 1, Precision::kFloat32},
                                           Case{2, 16, 3, Precision::kFloat32},
                                           Case{3, 17, 64, Precision::kFloat32},
                                           Case{4, 33, 5, Precision::kBfloat16},
                                           Case{5, 100, 172, Precision::kFloat32},
                                           Case{7, 48, 96, Precision::kBfloat16},
                                           Case{13, 64, 200, Precision::kFloat32},
                                           Case{241, 40, 31, Precision::kFloat32},
                                           Case{500, 24, 64, Precision::kBfloat16}));

// What AVX512-BF16 does, in plain C++: the loops around the instruction can be tested anywhere.
struct PortableDots {
  struct Vec {
    float value[kPanelWidth];
  };
  static Vec Zero() { return {}; }
  static Vec Dot(Vec sum, uint32_t pair, const uint32_t* pairs) {
    const auto low = [](uint32_t x) { return std::bit_cast<float>(x << 16); };
    const auto high = [](uint32_t x) { return std::bit_cast<float>(x & 0xFFFF0000U); };
    for (int64_t j = 0; j < kPanelWidth; ++j) {
      sum.value[j] = std::fma(high(pair), high(pairs[j]), sum.value[j]);
      sum.value[j] = std::fma(low(pair), low(pairs[j]), sum.value[j]);
    }
    return sum;
  }
  static void Store(const Vec& sum, float* to) { std::memcpy(to, sum.value, sizeof(sum.value)); }
};

// Against the product that every CPU has, which float64 has judged.
TEST(PackedProduct, PairsOfBfloat16GiveTheSameUpToTheOrderOfSums) {
  using Dots = Bfloat16Product<PortableDots>;
  for (const Case& c : {Case{1, 1, 1, Precision::kBfloat16},
                        Case{3, 17, 5, Precision::kBfloat16},
                        Case{12, 32, 64, Precision::kBfloat16},
                        Case{29, 100, 31, Precision::kBfloat16}}) {
    const Weight weight(c, 1);
    const std::vector<float> x = Random(c.rows * c.in, 2);
    const std::vector<float> bias = Random(c.out, 3);
    const ProductColumns columns = {c.out > 16 ? 16 : 0, c.out > 16 ? c.out - 16 : c.out, c.out};
    std::vector<float> expected(static_cast<size_t>(c.rows * c.out), -7.0F);
    std::vector<float> y = expected;
    PackedProduct(weight.view, x.data(), bias.data(), c.rows, columns, expected.data());
    std::vector<uint32_t> arranged(static_cast<size_t>((c.rows + Dots::kRows) * (c.in + 1)));
    Dots::arrange(x.data(), c.rows, c.in, arranged.data());
    Dots::product(weight.view, arranged.data(), bias.data(), c.rows, columns, y.data());
    for (size_t i = 0; i < y.size(); ++i)
      ASSERT_NEAR(y[i], expected[i], 1e-5 * std::sqrt(static_cast<double>(c.in))) << c << " " << i;
  }
}

// Where there is no such CPU the other tests go by the loops of every CPU.
TEST(PackedProduct, TellsWhetherPairsAreMultipliedByInstructions) {
  if (!HasBfloat16Dots()) GTEST_SKIP() << "no AVX512-BF16 on this CPU";
  const Case c = {29, 100, 31, Precision::kBfloat16};
  const Weight weight(c, 1);
  const std::vector<float> x = Random(c.rows * c.in, 2);
  std::vector<float> y(static_cast<size_t>(c.rows * c.out));
  std::vector<float> portable = y;
  ProductByBfloat16Dots(weight.view, x.data(), nullptr, c.rows, {0, c.out, c.out}, y.data());
  using Dots = Bfloat16Product<PortableDots>;
  std::vector<uint32_t> arranged(static_cast<size_t>((c.rows + Dots::kRows) * (c.in + 1)));
  Dots::arrange(x.data(), c.rows, c.in, arranged.data());
  Dots::product(weight.view, arranged.data(), nullptr, c.rows, {0, c.out, c.out}, portable.data());
  for (size_t i = 0; i < y.size(); ++i) ASSERT_NEAR(y[i], portable[i], 1e-4) << i;
}

TEST(PackedProduct, NanAndInfinityOfARowReachItsOutputsAlone) {
  const Case c = {3, 20, 8, Precision::kBfloat16};
  const Weight weight(c, 1);
  std::vector<float> x = Random(c.rows * c.in, 2);
  x[0] = NAN;
  x[8] = INFINITY;
  std::vector<float> y(static_cast<size_t>(c.rows * c.out));
  PackedProduct(weight.view, x.data(), nullptr, c.rows, {0, c.out, c.out}, y.data());
  for (size_t o = 0; o < 20; ++o) {
    EXPECT_TRUE(std::isnan(y[o]));
    EXPECT_FALSE(std::isfinite(y[20 + o]));
    EXPECT_TRUE(std::isfinite(y[40 + o]));
  }
}

}  // namespace
}  // namespace restem::kernels
