// Attention as GPUs compute it against the CPU's kernel, gradients included. On a CPU, where whole
// scores are computed, the layout of the sequences is what is tested; on a GPU FlashAttention is,
// too.
#include "ops/varlen_attention.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "ops/autograd.h"
#include "support/require_gpu.h"
#include "support/tensor_compare.h"

namespace restem {
namespace {

using testing::Near;

struct Case {
  int64_t heads;
  int64_t kv_heads;
  int64_t head_dim;
  std::vector<AttentionSegment> segments;
  double soft_cap = 0.0;
  int64_t window = 0;
};

struct Where {
  at::DeviceType device;
  at::ScalarType type;
};

class VarlenAttentionTest : public ::testing::TestWithParam<std::tuple<Case, Where>> {
 protected:
  void SetUp() override {
    if (where().device == at::kCUDA && !testing::FoundOrNotRequired(at::hasCUDA()))
      GTEST_SKIP() << "no CUDA device, or no CUDA build";
    at::manual_seed(7);
  }
  static const Case& given() { return std::get<0>(GetParam()); }
  static const Where& where() { return std::get<1>(GetParam()); }
  static AttentionRule rule() {
    return {
        1.0 / std::sqrt(static_cast<double>(given().head_dim)), given().soft_cap, given().window};
  }
  static int64_t rows() { return given().segments.back().end; }

  // Values that the type has, so that its rounding is that of results only.
  static at::Tensor random(int64_t count, int64_t heads) {
    return at::randn({count, heads, given().head_dim}).to(where().type).to(at::kFloat);
  }
  // bfloat16: probabilities, results and gradients are rounded, sums of up to some hundred terms.
  static double tolerance() { return where().type == at::kBFloat16 ? 3e-2 : 2e-5; }

  // Both ways from the same input; `live` undefined: all rows ask.
  static void expect_same(const at::Tensor& live) {
    const int64_t queries = live.defined() ? live.numel() : rows();
    const at::Tensor q = random(queries, given().heads);
    const at::Tensor k = random(rows(), given().kv_heads);
    const at::Tensor v = random(rows(), given().kv_heads);
    const at::Tensor dy = random(queries, given().heads);
    const auto segments = std::make_shared<const std::vector<AttentionSegment>>(given().segments);
    const std::vector<at::Tensor> known = {MakeLeaf(q), MakeLeaf(k), MakeLeaf(v)};
    std::vector<at::Tensor> there;
    for (const at::Tensor& x : {q, k, v})
      there.push_back(MakeLeaf(x.to(where().device, where().type)));
    const at::Tensor expected =
        PackedAttention(known[0], known[1], known[2], segments, live, rule());
    const VarlenLayout layout = LayOut(given().segments, where().device);
    const at::Tensor live_there = live.defined() ? live.to(where().device) : live;
    const at::Tensor actual =
        VarlenAttention(there[0], there[1], there[2], layout, live_there, rule());
    EXPECT_EQ(actual.scalar_type(), where().type);
    EXPECT_TRUE(Near(actual.detach().cpu(), expected.detach(), tolerance()));
    const auto wanted = GradientsOf((expected * dy).sum(), known);
    const auto had = GradientsOf((actual * dy.to(actual.options())).sum(), there);
    for (size_t i = 0; i < 3; ++i)
      EXPECT_TRUE(Near(had[i].cpu(), wanted[i], tolerance())) << "input " << i;
  }
};

TEST_P(VarlenAttentionTest, IsThatOfTheCpusKernel) { expect_same({}); }

TEST_P(VarlenAttentionTest, OnlyLiveRowsAsk) { expect_same(at::arange(0, rows(), 3, at::kLong)); }

INSTANTIATE_TEST_SUITE_P(
    Cases,
    VarlenAttentionTest,
    ::testing::Combine(
        ::testing::Values(
            Case{8, 4, 8, {{0, 37, 0, 0}}},
            Case{6, 2, 24, {{0, 16, 0, 0}, {16, 21, 0, 16}, {21, 22, 0, 16}, {22, 60, 0, 16}}},
            Case{5,
                 5,
                 64,
                 {{0, 3, 0, 0},
                  {3, 9, 0, 3},
                  {9, 140, 0, 0},
                  {140, 150, 9, 140},
                  {150, 155, 9, 140}}},
            Case{2, 1, 8, {{0, 1, 0, 0}, {1, 2, 0, 1}}},
            Case{4, 2, 16, {{0, 61, 0, 0}, {61, 70, 0, 61}}, /*soft_cap=*/1.5},
            Case{2, 1, 8, {{0, 61, 0, 0}, {61, 90, 0, 61}, {90, 92, 0, 61}}, 0.0, /*window=*/17},
            Case{4, 1, 128, {{0, 40, 0, 0}, {40, 70, 0, 40}}}),
        ::testing::Values(Where{at::kCPU, at::kFloat},
                          Where{at::kCUDA, at::kFloat},
                          Where{at::kCUDA, at::kBFloat16})));

TEST(VarlenLayout, RowsOfNoSegmentAreRefused) {
  EXPECT_THROW(LayOut({{0, 4, 0, 0}, {5, 8, 0, 4}}, at::kCPU), c10::Error);
}

}  // namespace
}  // namespace restem
