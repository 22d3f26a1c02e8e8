// Norm, gated activation and rotary embedding against the plain LibTorch expression in float64,
// gradients included.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "ops/autograd.h"
#include "ops/glu.h"
#include "ops/rms_norm.h"
#include "ops/rope.h"
#include "support/tensor_compare.h"

namespace restem {
namespace {

using testing::Near;
constexpr double kTolerance = 2e-6;  // a few float32 roundings of values around 1

at::Tensor Leaf64(const at::Tensor& x) { return MakeLeaf(x.to(at::kDouble)); }

struct Shape {
  int64_t rows;
  int64_t width;
};

class RowsTest : public ::testing::TestWithParam<Shape> {
 protected:
  void SetUp() override { at::manual_seed(11); }
  at::Tensor random() const { return at::randn({GetParam().rows, GetParam().width}); }
};

TEST_P(RowsTest, RmsNorm) {
  const at::Tensor x = random();
  const at::Tensor weight = at::rand({GetParam().width}) + 0.5;
  const at::Tensor dy = random();
  const at::Tensor x32 = MakeLeaf(x);
  const at::Tensor w32 = MakeLeaf(weight);
  const at::Tensor x64 = Leaf64(x);
  const at::Tensor w64 = Leaf64(weight);
  const at::Tensor y32 = RmsNorm(x32, w32, 1e-5);
  const at::Tensor y64 = x64 * at::rsqrt(x64.pow(2).mean(-1, true) + 1e-5) * w64;
  EXPECT_TRUE(Near(y32.detach(), y64.detach(), kTolerance));
  const auto g32 = GradientsOf((y32 * dy).sum(), {x32, w32});
  const auto g64 = GradientsOf((y64 * dy).sum(), {x64, w64});
  EXPECT_TRUE(Near(g32[0], g64[0], kTolerance));
  EXPECT_TRUE(Near(g32[1], g64[1], kTolerance));
}

at::Tensor Activated(Activation activation, const at::Tensor& z) {
  return activation == Activation::kSilu ? at::silu(z) : at::gelu(z, "tanh");
}

TEST_P(RowsTest, Glu) {
  for (const Activation activation : {Activation::kSilu, Activation::kGeluTanh}) {
    const at::Tensor gate = random() * 4;
    const at::Tensor up = random();
    const at::Tensor dy = random();
    const at::Tensor g32 = MakeLeaf(gate);
    const at::Tensor u32 = MakeLeaf(up);
    const at::Tensor g64 = Leaf64(gate);
    const at::Tensor u64 = Leaf64(up);
    const at::Tensor y32 = Glu(activation, g32, u32);
    const at::Tensor y64 = Activated(activation, g64) * u64;
    EXPECT_TRUE(Near(y32.detach(), y64.detach(), kTolerance));
    const auto d32 = GradientsOf((y32 * dy).sum(), {g32, u32});
    const auto d64 = GradientsOf((y64 * dy).sum(), {g64, u64});
    EXPECT_TRUE(Near(d32[0], d64[0], kTolerance));
    EXPECT_TRUE(Near(d32[1], d64[1], kTolerance));
  }
}

TEST_P(RowsTest, ActivationWithoutAGate) {
  const at::Tensor z = random() * 4;
  const at::Tensor dy = random();
  const at::Tensor z32 = MakeLeaf(z);
  const at::Tensor z64 = Leaf64(z);
  const at::Tensor y32 = Glu(Activation::kGeluTanh, z32);
  const at::Tensor y64 = at::gelu(z64, "tanh");
  EXPECT_TRUE(Near(y32.detach(), y64.detach(), kTolerance));
  EXPECT_TRUE(Near(GradientsOf((y32 * dy).sum(), {z32})[0],
                   GradientsOf((y64 * dy).sum(), {z64})[0],
                   kTolerance));
}

INSTANTIATE_TEST_SUITE_P(Shapes,
                         RowsTest,
                         ::testing::Values(Shape{1, 8}, Shape{5, 64}, Shape{33, 172}, Shape{7, 1}));

// -178 to -350 and -533 to -723 once came out as NaN or unbounded.
TEST(Glu, ExtremeGates) {
  const at::Tensor gate =
      at::tensor(
          {-1e30F, -1e4F, -600.0F, -200.0F, -178.0F, -100.0F, -88.0F, 0.0F, 100.0F, 1e4F, 1e30F})
          .view({1, 11});
  const at::Tensor up = at::ones_like(gate);
  for (const Activation activation : {Activation::kSilu, Activation::kGeluTanh}) {
    const at::Tensor g32 = MakeLeaf(gate);
    const at::Tensor g64 = Leaf64(gate);
    const at::Tensor y32 = Glu(activation, g32, up);
    const at::Tensor y64 = Activated(activation, g64);
    for (int64_t i = 1; i < gate.numel(); ++i) {
      EXPECT_NEAR(y32[0][i].item<double>(), y64[0][i].item<double>(), 1e-5) << gate[0][i];
    }
    EXPECT_TRUE(at::isfinite(y32).all().item<bool>());
    EXPECT_TRUE(
        Near(GradientsOf(y32.sum(), {g32})[0], GradientsOf(y64.sum(), {g64})[0], kTolerance));
  }
}

TEST(RopeTest, MatchesRotateHalf) {
  at::manual_seed(3);
  const at::Tensor x = at::randn({6, 3, 10});
  const at::Tensor positions = at::tensor({0, 1, 5, 100, 511, 2}, at::kInt);
  const RopeTable table(512, RopeFrequencies(10, 10000.0));
  const at::Tensor x32 = MakeLeaf(x);
  const at::Tensor x64 = Leaf64(x);
  const at::Tensor frequency = at::pow(10000.0, -at::arange(0, 10, 2, at::kDouble) / 10.0);
  const at::Tensor angle =
      (positions.to(at::kDouble).unsqueeze(1) * frequency).repeat({1, 2}).unsqueeze(1);
  const at::Tensor half = at::cat({-x64.narrow(2, 5, 5), x64.narrow(2, 0, 5)}, 2);
  const at::Tensor y64 = x64 * angle.cos() + half * angle.sin();
  const at::Tensor y32 = Rope(x32, positions, table);
  // An angle of up to 511 radians carries a float32 rounding of 511 · 2^-24.
  EXPECT_TRUE(Near(y32.detach(), y64.detach(), 1e-4));
  const at::Tensor dy = at::randn({6, 3, 10});
  EXPECT_TRUE(
      Near(GradientsOf((y32 * dy).sum(), {x32})[0], GradientsOf((y64 * dy).sum(), {x64})[0], 1e-4));
}

// Phi-4-mini turns three quarters of a head.
TEST(RopeTest, ElementsBehindRotaryDimStay) {
  at::manual_seed(4);
  const at::Tensor x = at::randn({5, 2, 10});
  const at::Tensor positions = at::tensor({0, 1, 5, 100, 2}, at::kInt);
  const RopeTable table(101, RopeFrequencies(6, 100.0), 1.5);
  const at::Tensor leaf = MakeLeaf(x);
  const at::Tensor y = Rope(leaf, positions, table);
  const at::Tensor turned = Rope(x.narrow(2, 0, 6).contiguous(), positions, table);
  EXPECT_TRUE(at::equal(y.detach(), at::cat({turned, x.narrow(2, 6, 4)}, 2)));
  const at::Tensor dy = at::randn({5, 2, 10});
  const at::Tensor dx = GradientsOf((y * dy).sum(), {leaf})[0];
  EXPECT_TRUE(at::equal(dx.narrow(2, 6, 4), dy.narrow(2, 6, 4)));
  // A rotation times 1.5: its gradient is the rotation back, times 1.5.
  const at::Tensor back = Rope(dx.narrow(2, 0, 6).contiguous(), positions, table);
  EXPECT_TRUE(Near(back, 2.25 * dy.narrow(2, 0, 6), 1e-5));
}

TEST(OpsTest, ShapeMistakesAreNamed) {
  EXPECT_THROW(RmsNorm(at::ones({2, 3}), at::ones({4}), 1e-5), c10::Error);
  EXPECT_THROW(Glu(Activation::kSilu, at::ones({2, 3}), at::ones({3, 2})), c10::Error);
  EXPECT_THROW(Rope(at::ones({1, 1, 4}),
                    at::full({1}, 8, at::kInt),
                    RopeTable(8, RopeFrequencies(4, 1e4))),
               c10::Error);
}

}  // namespace
}  // namespace restem
