#include "kernels/glu.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/glu_cpu.cc"
// foreach_target.h must come first.
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace restem::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class Tag, class V = hn::Vec<Tag>>
HWY_INLINE V Sigmoid(Tag tag, V z) {
  const auto one = hn::Set(tag, 1.0F);
  // Highway's Exp is wrong beyond 104; e^88 is the largest power that float32 holds.
  const auto exponent = hn::Min(hn::Neg(z), hn::Set(tag, 88.0F));
  return hn::Div(one, hn::Add(one, hn::Exp(tag, exponent)));
}

// Runs body(i, n) over [0, count) in whole vectors, then once more for the rest with n lanes.
template <class Tag, class Body>
HWY_INLINE void ForVectors(Tag tag, int64_t count, Body body) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(tag));
  for (int64_t i = 0; i < count; i += lanes) body(i, i + lanes <= count ? lanes : count - i);
}

// Whole vectors straight from memory, a rest through a zero-filled copy.
template <class Tag>
HWY_INLINE hn::Vec<Tag> LoadSome(Tag tag, const float* from, int64_t count) {
  if (count == static_cast<int64_t>(hn::Lanes(tag))) return hn::LoadU(tag, from);
  HWY_ALIGN float buffer[hn::MaxLanes(Tag())] = {};
  for (int64_t i = 0; i < count; ++i) buffer[i] = from[i];
  return hn::Load(tag, buffer);
}

template <class Tag>
HWY_INLINE void StoreSome(Tag tag, hn::Vec<Tag> value, float* to, int64_t count) {
  if (count == static_cast<int64_t>(hn::Lanes(tag))) return hn::StoreU(value, tag, to);
  HWY_ALIGN float buffer[hn::MaxLanes(Tag())];
  hn::Store(value, tag, buffer);
  for (int64_t i = 0; i < count; ++i) to[i] = buffer[i];
}

// s(z), see the header.
template <Activation kActivation, class Tag, class V = hn::Vec<Tag>>
HWY_INLINE V Inner(Tag tag, V z) {
  if constexpr (kActivation == Activation::kSilu) return z;
  const auto cubic = hn::Mul(hn::Mul(z, z), hn::Set(tag, kGeluScale * kGeluCubic));
  return hn::Mul(z, hn::Add(cubic, hn::Set(tag, kGeluScale)));
}

// z·s'(z).
template <Activation kActivation, class Tag, class V = hn::Vec<Tag>>
HWY_INLINE V InnerSlope(Tag tag, V z) {
  if constexpr (kActivation == Activation::kSilu) return z;
  // Beyond 100 the slope of σ is 0, and this must not be infinite.
  z = hn::Clamp(z, hn::Set(tag, -100.0F), hn::Set(tag, 100.0F));
  const auto cubic = hn::Mul(hn::Mul(z, z), hn::Set(tag, 3.0F * kGeluScale * kGeluCubic));
  return hn::Mul(z, hn::Add(cubic, hn::Set(tag, kGeluScale)));
}

template <Activation kActivation>
void ForwardAs(const float* gate, const float* up, int64_t count, float* y) {
  const hn::ScalableTag<float> tag;
  ForVectors(tag, count, [&](int64_t i, int64_t n) {
    const auto z = LoadSome(tag, gate + i, n);
    const auto active = hn::Mul(z, Sigmoid(tag, Inner<kActivation>(tag, z)));
    const auto gated = up == nullptr ? active : hn::Mul(active, LoadSome(tag, up + i, n));
    StoreSome(tag, gated, y + i, n);
  });
}

// d z·σ(s(z)) / dz = σ·(1 + z·s'(z)·(1 − σ)).
template <Activation kActivation>
void BackwardAs(
    const float* dy, const float* gate, const float* up, int64_t count, float* dgate, float* dup) {
  const hn::ScalableTag<float> tag;
  const auto one = hn::Set(tag, 1.0F);
  ForVectors(tag, count, [&](int64_t i, int64_t n) {
    const auto z = LoadSome(tag, gate + i, n);
    auto g = LoadSome(tag, dy + i, n);
    const auto sigmoid = Sigmoid(tag, Inner<kActivation>(tag, z));
    const auto bend = InnerSlope<kActivation>(tag, z);
    const auto slope = hn::Mul(sigmoid, hn::MulAdd(bend, hn::Sub(one, sigmoid), one));
    if (up != nullptr) {
      StoreSome(tag, hn::Mul(g, hn::Mul(z, sigmoid)), dup + i, n);
      g = hn::Mul(g, LoadSome(tag, up + i, n));
    }
    StoreSome(tag, hn::Mul(g, slope), dgate + i, n);
  });
}

void Forward(Activation activation, const float* gate, const float* up, int64_t count, float* y) {
  const auto run = activation == Activation::kSilu ? ForwardAs<Activation::kSilu>
                                                   : ForwardAs<Activation::kGeluTanh>;
  run(gate, up, count, y);
}

void Backward(Activation activation,
              const float* dy,
              const float* gate,
              const float* up,
              int64_t count,
              float* dgate,
              float* dup) {
  const auto run = activation == Activation::kSilu ? BackwardAs<Activation::kSilu>
                                                   : BackwardAs<Activation::kGeluTanh>;
  run(dy, gate, up, count, dgate, dup);
}

}  // namespace restem::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace restem::kernels {
HWY_EXPORT(Forward);
HWY_EXPORT(Backward);

void GluForward(
    Activation activation, const float* gate, const float* up, int64_t count, float* y) {
  HWY_DYNAMIC_DISPATCH(Forward)(activation, gate, up, count, y);
}

void GluBackward(Activation activation,
                 const float* dy,
                 const float* gate,
                 const float* up,
                 int64_t count,
                 float* dgate,
                 float* dup) {
  HWY_DYNAMIC_DISPATCH(Backward)(activation, dy, gate, up, count, dgate, dup);
}

}  // namespace restem::kernels
#endif  // HWY_ONCE
