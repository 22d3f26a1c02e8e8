#include "ops/varlen_attention.h"

#include <ATen/ops/_flash_attention_forward.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/index_copy.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <span>

#include "ops/gather_rows.h"
#include "ops/to_tensor.h"

namespace restem {
namespace {

// Rows of [rows, heads, head_dim] by number.
at::Tensor RowsOf(const at::Tensor& x, const at::Tensor& index) {
  return GatherRows(x.flatten(1), index).view({index.numel(), x.size(1), x.size(2)});
}

bool HasFastWay(const at::Tensor& q, const AttentionRule& rule) {
  constexpr int64_t kWidest = 256;  // head_dim
  return q.is_cuda() && q.scalar_type() == at::kBFloat16 && rule.soft_cap == 0.0 &&
         q.size(2) % 8 == 0 && q.size(2) <= kWidest;
}

// Its causal mask and its window count from the last key, which the last query's own is.
at::Tensor Flash(const at::Tensor& q,
                 const at::Tensor& k,
                 const at::Tensor& v,
                 const VarlenLayout& layout,
                 const AttentionRule& rule) {
  const auto left = rule.window > 0 ? std::optional(rule.window - 1) : std::nullopt;
  const auto right = rule.window > 0 ? std::optional(int64_t{0}) : std::nullopt;
  return std::get<0>(at::_flash_attention_forward(
      q,
      k,
      v,
      layout.query_begins_there,
      layout.key_begins_there,
      std::max<int64_t>(2, layout.longest_query),  // of single queries it would take another path
      layout.longest_key,
      /*dropout_p=*/0.0,
      /*is_causal=*/true,
      /*return_debug_mask=*/false,
      rule.scale,
      left,
      right));
}

// One sequence: q [queries, heads, head_dim], k and v [keys, kv_heads, head_dim] in float32.
at::Tensor Softmax(const at::Tensor& q,
                   const at::Tensor& k,
                   const at::Tensor& v,
                   const AttentionRule& rule) {
  const int64_t group = q.size(1) / k.size(1);
  const at::Tensor keys = k.repeat_interleave(group, /*dim=*/1).permute({1, 2, 0});
  const at::Tensor values = v.repeat_interleave(group, /*dim=*/1).transpose(0, 1);
  at::Tensor scores = at::mul(at::matmul(q.transpose(0, 1), keys), rule.scale);
  if (rule.soft_cap > 0.0)
    scores = at::mul(at::tanh(at::mul(scores, 1.0 / rule.soft_cap)), rule.soft_cap);
  const auto whole = q.options().dtype(at::kLong).requires_grad(false);
  const at::Tensor key = at::arange(k.size(0), whole);
  const at::Tensor own = at::arange(k.size(0) - q.size(0), k.size(0), whole).unsqueeze(1);
  at::Tensor hidden = key.gt(own);
  if (rule.window > 0) hidden = hidden.logical_or(key.le(own.sub(rule.window)));
  scores = scores.masked_fill(hidden, -std::numeric_limits<double>::infinity());
  return at::matmul(at::softmax(scores, /*dim=*/-1), values).transpose(0, 1);
}

at::Tensor Plain(const at::Tensor& q,
                 const at::Tensor& k,
                 const at::Tensor& v,
                 const VarlenLayout& layout,
                 const AttentionRule& rule) {
  std::vector<at::Tensor> outputs;
  for (size_t i = 0; i + 1 < layout.query_begins.size(); ++i) {
    const auto run = [i](const at::Tensor& x, const std::vector<int32_t>& begins) {
      return x.narrow(0, begins[i], begins[i + 1] - begins[i]).to(at::kFloat);
    };
    outputs.push_back(Softmax(
        run(q, layout.query_begins), run(k, layout.key_begins), run(v, layout.key_begins), rule));
  }
  return at::cat(outputs).to(q.scalar_type());
}

}  // namespace

VarlenLayout LayOut(const std::vector<AttentionSegment>& segments, at::Device device) {
  VarlenLayout layout;
  layout.query_begins = {0};
  layout.key_begins = {0};
  std::vector<int64_t> rows;
  for (const AttentionSegment& s : segments) {
    TORCH_CHECK(s.begin == layout.query_begins.back() && s.begin < s.end,
                "VarlenAttention: a segment begins at row ",
                s.begin,
                ", the one before it ends at ",
                layout.query_begins.back());
    for (int64_t row = s.prefix_begin; row < s.prefix_end; ++row) rows.push_back(row);
    for (int64_t row = s.begin; row < s.end; ++row) rows.push_back(row);
    const auto keys = static_cast<int64_t>(rows.size()) - layout.key_begins.back();
    layout.longest_query = std::max(layout.longest_query, s.end - s.begin);
    layout.longest_key = std::max(layout.longest_key, keys);
    layout.query_begins.push_back(static_cast<int32_t>(s.end));
    layout.key_begins.push_back(static_cast<int32_t>(rows.size()));
  }
  layout.query_begins_there = ToTensor(std::span<const int32_t>(layout.query_begins), 0, device);
  layout.key_begins_there = ToTensor(std::span<const int32_t>(layout.key_begins), 0, device);
  if (static_cast<int64_t>(rows.size()) > layout.query_begins.back())
    layout.key_rows = ToTensor(std::span<const int64_t>(rows), 0, device);
  return layout;
}

at::Tensor VarlenAttention(const at::Tensor& q,
                           const at::Tensor& k,
                           const at::Tensor& v,
                           const VarlenLayout& layout,
                           const at::Tensor& live,
                           const AttentionRule& rule) {
  const int64_t rows = layout.query_begins.back();
  TORCH_CHECK(q.dim() == 3 && k.sizes() == v.sizes() && k.size(0) == rows &&
                  q.size(1) % k.size(1) == 0 && q.size(2) == k.size(2) &&
                  q.size(0) == (live.defined() ? live.numel() : rows),
              "VarlenAttention: q ",
              q.sizes(),
              ", k ",
              k.sizes(),
              " and v ",
              v.sizes(),
              " do not fit segments of ",
              rows,
              " rows");
  // Rows that do not ask have queries of zero.
  at::Tensor queries = q;
  if (live.defined())
    queries = at::index_copy(at::zeros({rows, q.size(1), q.size(2)}, q.options()), 0, live, q);
  const bool gathers = layout.key_rows.defined();
  const at::Tensor keys = gathers ? RowsOf(k, layout.key_rows) : k;
  const at::Tensor values = gathers ? RowsOf(v, layout.key_rows) : v;
  const at::Tensor out = HasFastWay(q, rule) ? Flash(queries, keys, values, layout, rule)
                                             : Plain(queries, keys, values, layout, rule);
  return live.defined() ? at::index_select(out, 0, live) : out;
}

}  // namespace restem
