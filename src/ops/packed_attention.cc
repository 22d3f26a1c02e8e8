#include "ops/packed_attention.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include "ops/autograd.h"

namespace restem {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

kernels::PackedAttentionShape ShapeOf(const at::Tensor& q, const at::Tensor& k, double scale) {
  return {q.size(0), q.size(1), k.size(1), q.size(2), static_cast<float>(scale)};
}

at::Tensor Forward(const at::Tensor& q,
                   const at::Tensor& k,
                   const at::Tensor& v,
                   const std::vector<AttentionSegment>& segments,
                   double scale,
                   at::Tensor* lse) {
  at::Tensor out = at::zeros_like(q);
  if (lse != nullptr) *lse = at::empty({q.size(0), q.size(1)}, q.options());
  kernels::PackedAttentionForward(ShapeOf(q, k, scale),
                                  segments,
                                  q.const_data_ptr<float>(),
                                  k.const_data_ptr<float>(),
                                  v.const_data_ptr<float>(),
                                  out.mutable_data_ptr<float>(),
                                  lse == nullptr ? nullptr : lse->mutable_data_ptr<float>());
  return out;
}

// The segments travel through autograd's context as a capsule.
struct SegmentsHolder : torch::CustomClassHolder {
  explicit SegmentsHolder(AttentionSegments s) : segments(std::move(s)) {}
  AttentionSegments segments;
};

class PackedAttentionFunction : public torch::autograd::Function<PackedAttentionFunction> {
 public:
  static at::Tensor forward(AutogradContext* context,
                            const at::Tensor& q,
                            const at::Tensor& k,
                            const at::Tensor& v,
                            const AttentionSegments& segments,
                            double scale) {
    at::Tensor lse;
    at::Tensor out = Forward(q, k, v, *segments, scale, &lse);
    context->save_for_backward({q, k, v, out, lse});
    context->saved_data["segments"] =
        c10::IValue::make_capsule(c10::make_intrusive<SegmentsHolder>(segments));
    context->saved_data["scale"] = scale;
    return out;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto holder = context->saved_data["segments"].toCapsule();
    const auto& segments = *static_cast<SegmentsHolder*>(holder.get())->segments;
    const at::Tensor dout = gradients[0].contiguous();
    at::Tensor dq = at::zeros_like(saved[0]);
    at::Tensor dk = at::zeros_like(saved[1]);
    at::Tensor dv = at::zeros_like(saved[2]);
    kernels::PackedAttentionBackward(
        ShapeOf(saved[0], saved[1], context->saved_data["scale"].toDouble()),
        segments,
        dout.const_data_ptr<float>(),
        saved[0].const_data_ptr<float>(),
        saved[1].const_data_ptr<float>(),
        saved[2].const_data_ptr<float>(),
        saved[3].const_data_ptr<float>(),
        saved[4].const_data_ptr<float>(),
        dq.mutable_data_ptr<float>(),
        dk.mutable_data_ptr<float>(),
        dv.mutable_data_ptr<float>());
    return {dq, dk, dv, {}, {}};
  }
};

void CheckOperand(const at::Tensor& x, const at::Tensor& q, const char* name) {
  TORCH_CHECK(
      x.dim() == 3 && x.is_contiguous() && x.scalar_type() == at::kFloat && x.is_cpu() &&
          x.size(0) == q.size(0) && x.size(2) == q.size(2),
      "PackedAttention: ",
      name,
      " ",
      x.sizes(),
      " must be contiguous float32 [rows, heads, head_dim] on the CPU, alike for q, k and v");
}

}  // namespace

at::Tensor PackedAttention(const at::Tensor& q,
                           const at::Tensor& k,
                           const at::Tensor& v,
                           const AttentionSegments& segments,
                           double scale) {
  CheckOperand(q, q, "q");
  CheckOperand(k, q, "k");
  CheckOperand(v, q, "v");
  TORCH_CHECK(k.sizes() == v.sizes() && q.size(1) % k.size(1) == 0,
              "PackedAttention: ",
              k.size(1),
              " KV heads do not divide ",
              q.size(1),
              " heads");
  for (const AttentionSegment& s : *segments) {
    TORCH_CHECK(0 <= s.begin && s.begin < s.end && s.end <= q.size(0) && 0 <= s.prefix_begin &&
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
                q.size(0),
                " rows");
  }
  return RecordsGradient(q, k) || RecordsGradient(v)
             ? PackedAttentionFunction::apply(q, k, v, segments, scale)
             : Forward(q, k, v, *segments, scale, nullptr);
}

}  // namespace restem
