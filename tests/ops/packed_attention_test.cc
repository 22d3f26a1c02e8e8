// Packed attention against softmax attention in float64 with an explicit mask, gradients included.
#include "ops/packed_attention.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "ops/autograd.h"
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

// mask[i][j]: row i sees row j.
at::Tensor MaskOf(const Case& c, int64_t rows) {
  at::Tensor mask = at::zeros({rows, rows}, at::kBool);
  for (const auto& s : c.segments) {
    const int64_t prefix = s.prefix_end - s.prefix_begin;
    for (int64_t i = s.begin; i < s.end; ++i) {
      const int64_t position = prefix + i - s.begin;
      for (int64_t key = 0; key <= position; ++key) {
        if (c.window > 0 && position - key >= c.window) continue;
        mask[i][key < prefix ? s.prefix_begin + key : s.begin + key - prefix] = true;
      }
    }
  }
  return mask;
}

at::Tensor Reference(const at::Tensor& q,
                     const at::Tensor& k,
                     const at::Tensor& v,
                     const at::Tensor& mask,
                     const AttentionRule& rule) {
  const int64_t group = q.size(1) / k.size(1);
  const at::Tensor keys = k.repeat_interleave(group, 1);
  const at::Tensor values = v.repeat_interleave(group, 1);
  at::Tensor scores = at::einsum("ihd,jhd->hij", {q, keys}) * rule.scale;
  if (rule.soft_cap > 0.0) scores = rule.soft_cap * at::tanh(scores / rule.soft_cap);
  const at::Tensor p = at::softmax(scores.masked_fill(~mask, -1e300), -1);
  return at::einsum("hij,jhd->ihd", {p, values});
}

class PackedAttentionTest : public ::testing::TestWithParam<Case> {};

TEST_P(PackedAttentionTest, ForwardAndGradient) {
  at::manual_seed(7);
  const Case& c = GetParam();
  const int64_t rows = c.segments.back().end;
  const at::Tensor q = at::randn({rows, c.heads, c.head_dim});
  const at::Tensor k = at::randn({rows, c.kv_heads, c.head_dim});
  const at::Tensor v = at::randn({rows, c.kv_heads, c.head_dim});
  const at::Tensor dy = at::randn({rows, c.heads, c.head_dim});
  const AttentionRule rule = {
      1.0 / std::sqrt(static_cast<double>(c.head_dim)), c.soft_cap, c.window};
  const auto segments = std::make_shared<const std::vector<AttentionSegment>>(c.segments);
  const std::vector<at::Tensor> x32 = {MakeLeaf(q), MakeLeaf(k), MakeLeaf(v)};
  const std::vector<at::Tensor> x64 = {
      MakeLeaf(q.to(at::kDouble)), MakeLeaf(k.to(at::kDouble)), MakeLeaf(v.to(at::kDouble))};
  const at::Tensor y32 = PackedAttention(x32[0], x32[1], x32[2], segments, {}, rule);
  const at::Tensor y64 = Reference(x64[0], x64[1], x64[2], MaskOf(c, rows), rule);
  EXPECT_TRUE(Near(y32.detach(), y64.detach(), 5e-6));
  const auto g32 = GradientsOf((y32 * dy).sum(), x32);
  const auto g64 = GradientsOf((y64 * dy).sum(), x64);
  for (size_t i = 0; i < 3; ++i) EXPECT_TRUE(Near(g32[i], g64[i], 1e-5)) << "input " << i;
}

// Every third row asks, and the arrays have two queries too many.
TEST_P(PackedAttentionTest, OnlyLiveRowsAsk) {
  at::manual_seed(8);
  const Case& c = GetParam();
  const int64_t rows = c.segments.back().end;
  const at::Tensor live = at::arange(0, rows, 3, at::kLong);
  const int64_t queries = live.numel() + 2;
  const at::Tensor q = at::randn({queries, c.heads, c.head_dim});
  const at::Tensor k = at::randn({rows, c.kv_heads, c.head_dim});
  const at::Tensor v = at::randn({rows, c.kv_heads, c.head_dim});
  const at::Tensor dy = at::randn({queries, c.heads, c.head_dim});
  const AttentionRule rule = {0.2, c.soft_cap, c.window};
  const auto segments = std::make_shared<const std::vector<AttentionSegment>>(c.segments);
  const std::vector<at::Tensor> x32 = {MakeLeaf(q), MakeLeaf(k), MakeLeaf(v)};
  const std::vector<at::Tensor> x64 = {
      MakeLeaf(q.to(at::kDouble)), MakeLeaf(k.to(at::kDouble)), MakeLeaf(v.to(at::kDouble))};
  const at::Tensor y32 = PackedAttention(x32[0], x32[1], x32[2], segments, live, rule);
  const at::Tensor asked = Reference(x64[0].narrow(0, 0, live.numel()),
                                     x64[1],
                                     x64[2],
                                     MaskOf(c, rows).index_select(0, live),
                                     rule);
  const at::Tensor y64 = at::cat({asked, at::zeros_like(y32.narrow(0, 0, 2))});
  EXPECT_TRUE(Near(y32.detach(), y64.detach(), 5e-6));
  const auto g32 = GradientsOf((y32 * dy).sum(), x32);
  const auto g64 = GradientsOf((y64 * dy).sum(), x64);
  for (size_t i = 0; i < 3; ++i) EXPECT_TRUE(Near(g32[i], g64[i], 1e-5)) << "input " << i;
}

TEST(PackedAttention, LiveRowsOutOfOrderAreRefused) {
  const at::Tensor q = at::ones({2, 1, 8});
  const at::Tensor k = at::ones({4, 1, 8});
  const auto segments =
      std::make_shared<const std::vector<AttentionSegment>>(1, AttentionSegment{0, 4, 0, 0});
  EXPECT_THROW(PackedAttention(q, k, k, segments, at::tensor({2, 1}, at::kLong), {1.0}),
               c10::Error);
  EXPECT_THROW(PackedAttention(q, k, k, segments, at::tensor({2, 4}, at::kLong), {1.0}),
               c10::Error);
}

INSTANTIATE_TEST_SUITE_P(
    Cases,
    PackedAttentionTest,
    ::testing::Values(
        Case{1, 1, 8, {{0, 1, 0, 0}}},
        Case{8, 4, 8, {{0, 37, 0, 0}}},
        Case{6, 2, 20, {{0, 16, 0, 0}, {16, 21, 0, 16}, {21, 22, 0, 16}, {22, 60, 0, 16}}},
        Case{5,
             5,
             64,
             {{0, 3, 0, 0}, {3, 9, 0, 3}, {9, 140, 0, 0}, {140, 150, 9, 140}, {150, 155, 9, 140}}},
        Case{8, 1, 33, {{0, 70, 0, 0}, {70, 71, 0, 70}}},
        Case{4, 2, 16, {{0, 61, 0, 0}, {61, 70, 0, 61}}, /*soft_cap=*/1.5},
        Case{2, 1, 8, {{0, 61, 0, 0}, {61, 90, 0, 61}, {90, 92, 0, 61}}, 0.0, /*window=*/1},
        Case{2, 1, 8, {{0, 61, 0, 0}, {61, 90, 0, 61}, {90, 92, 0, 61}}, 0.0, /*window=*/17},
        Case{4, 4, 20, {{0, 16, 0, 0}, {16, 55, 0, 16}}, 2.0, /*window=*/32}));

TEST(PackedAttention, LargeScoresStayFinite) {
  const at::Tensor q = at::full({4, 1, 8}, 300.0F);
  const auto segments =
      std::make_shared<const std::vector<AttentionSegment>>(1, AttentionSegment{0, 4, 0, 0});
  EXPECT_TRUE(Near(PackedAttention(q, q, q, segments, {}, {1.0}), q, 1e-6));
}

TEST(PackedAttention, SegmentOutsideTheRowsIsRefused) {
  const at::Tensor q = at::ones({4, 1, 8});
  const auto segments =
      std::make_shared<const std::vector<AttentionSegment>>(1, AttentionSegment{0, 5, 0, 0});
  EXPECT_THROW(PackedAttention(q, q, q, segments, {}, {1.0}), c10::Error);
}

}  // namespace
}  // namespace restem
