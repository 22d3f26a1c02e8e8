#include "ops/packed_attention.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include "ops/autograd.h"

namespace restem {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

kernels::PackedAttentionShape ShapeOf(const at::Tensor& q,
                                      const at::Tensor& k,
                                      const AttentionRule& rule) {
  return {q.size(1),
          k.size(1),
          q.size(2),
          static_cast<float>(rule.scale),
          static_cast<float>(rule.soft_cap),
          rule.window};
}

kernels::AttentionQueries QueriesOf(const at::Tensor& q, const at::Tensor& live) {
  if (!live.defined()) return {nullptr, q.size(0)};
  return {live.const_data_ptr<int64_t>(), live.numel()};
}

at::Tensor Forward(const at::Tensor& q,
                   const at::Tensor& k,
                   const at::Tensor& v,
                   const std::vector<AttentionSegment>& segments,
                   const at::Tensor& live,
                   const AttentionRule& rule,
                   at::Tensor* lse) {
  at::Tensor out = at::zeros_like(q);
  if (lse != nullptr) *lse = at::empty({q.size(0), q.size(1)}, q.options());
  kernels::PackedAttentionForward(ShapeOf(q, k, rule),
                                  segments,
                                  QueriesOf(q, live),
                                  q.const_data_ptr<float>(),
                                  k.const_data_ptr<float>(),
                                  v.const_data_ptr<float>(),
                                  out.mutable_data_ptr<float>(),
                                  lse == nullptr ? nullptr : lse->mutable_data_ptr<float>());
  return out;
}

// Travels through autograd's context as a capsule.
struct Layout : torch::CustomClassHolder {
  Layout(AttentionSegments s, at::Tensor l, const AttentionRule& r)
      : segments(std::move(s)), live(std::move(l)), rule(r) {}
  AttentionSegments segments;
  at::Tensor live;
  AttentionRule rule;
};

class PackedAttentionFunction : public torch::autograd::Function<PackedAttentionFunction> {
 public:
  static at::Tensor forward(AutogradContext* context,
                            const at::Tensor& q,
                            const at::Tensor& k,
                            const at::Tensor& v,
                            const c10::intrusive_ptr<Layout>& layout) {
    at::Tensor lse;
    at::Tensor out = Forward(q, k, v, *layout->segments, layout->live, layout->rule, &lse);
    context->save_for_backward({q, k, v, out, lse});
    context->saved_data["layout"] = c10::IValue::make_capsule(layout);
    return out;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto holder = context->saved_data["layout"].toCapsule();
    const auto& layout = *static_cast<Layout*>(holder.get());
    const at::Tensor dout = gradients[0].contiguous();
    at::Tensor dq = at::zeros_like(saved[0]);
    at::Tensor dk = at::zeros_like(saved[1]);
    at::Tensor dv = at::zeros_like(saved[2]);
    kernels::PackedAttentionBackward(ShapeOf(saved[0], saved[1], layout.rule),
                                     *layout.segments,
                                     QueriesOf(saved[0], layout.live),
                                     dout.const_data_ptr<float>(),
                                     saved[0].const_data_ptr<float>(),
                                     saved[1].const_data_ptr<float>(),
                                     saved[2].const_data_ptr<float>(),
                                     saved[3].const_data_ptr<float>(),
                                     saved[4].const_data_ptr<float>(),
                                     dq.mutable_data_ptr<float>(),
                                     dk.mutable_data_ptr<float>(),
                                     dv.mutable_data_ptr<float>());
    return {dq, dk, dv, {}};
  }
};

void CheckOperand(const at::Tensor& x, const char* name, int64_t rows, int64_t head_dim) {
  TORCH_CHECK(x.dim() == 3 && x.is_contiguous() && x.scalar_type() == at::kFloat && x.is_cpu() &&
                  x.size(0) == rows && x.size(2) == head_dim,
              "PackedAttention: ",
              name,
              " ",
              x.sizes(),
              " must be contiguous float32 [",
              rows,
              ", heads, ",
              head_dim,
              "] on the CPU");
}

void CheckSegments(const std::vector<AttentionSegment>& segments, int64_t rows) {
  for (const AttentionSegment& s : segments) {
    TORCH_CHECK(0 <= s.begin && s.begin < s.end && s.end <= rows && 0 <= s.prefix_begin &&
                    s.prefix_begin <= s.prefix_end && s.prefix_end <= s.begin,
                "PackedAttention: segment [",
                s.begin,
                ", ",
                s.end,
                ") with prefix [",
                s.prefix_begin,
                ", ",
                s.prefix_end,
                ") is outside ",
                rows,
                " rows");
  }
}

void CheckLive(const at::Tensor& live, int64_t queries, int64_t rows) {
  if (!live.defined()) {
    TORCH_CHECK(
        queries == rows, "PackedAttention: ", queries, " queries, ", rows, " rows and no list");
    return;
  }
  TORCH_CHECK(live.dim() == 1 && live.scalar_type() == at::kLong && live.is_contiguous() &&
                  live.numel() <= queries,
              "PackedAttention: live ",
              live.sizes(),
              " must be int64, one for each of at most ",
              queries,
              " queries");
  const auto* at = live.const_data_ptr<int64_t>();
  for (int64_t i = 0; i < live.numel(); ++i) {
    TORCH_CHECK((i == 0 ? -1 : at[i - 1]) < at[i] && at[i] < rows,
                "PackedAttention: live row ",
                at[i],
                " at ",
                i,
                " is out of order or outside ",
                rows,
                " rows");
  }
}

}  // namespace

at::Tensor PackedAttention(const at::Tensor& q,
                           const at::Tensor& k,
                           const at::Tensor& v,
                           const AttentionSegments& segments,
                           const at::Tensor& live,
                           const AttentionRule& rule) {
  CheckOperand(q, "q", q.size(0), q.size(2));
  CheckOperand(k, "k", k.size(0), q.size(2));
  CheckOperand(v, "v", k.size(0), q.size(2));
  TORCH_CHECK(k.sizes() == v.sizes() && q.size(1) % k.size(1) == 0,
              "PackedAttention: ",
              k.size(1),
              " KV heads do not divide ",
              q.size(1),
              " heads");
  CheckSegments(*segments, k.size(0));
  CheckLive(live, q.size(0), k.size(0));
  return RecordsGradient(q, k) || RecordsGradient(v)
             ? PackedAttentionFunction::apply(
                   q, k, v, c10::make_intrusive<Layout>(segments, live, rule))
             : Forward(q, k, v, *segments, live, rule, nullptr);
}

}  // namespace restem
