#include "text/jinja/arithmetic.h"

#include <fmt/format.h>

#include <cmath>

#include "text/jinja/iterate.h"
#include "text/jinja/python_text.h"

namespace restem::jinja {
namespace {

[[noreturn]] void Overflow() { Fail("an integer beyond 64 bits is not supported"); }

[[noreturn]] void Unsupported(std::string_view symbol, const Value& a, const Value& b) {
  for (const Value* value : {&a, &b})
    if (value->undefined()) Fail(value->as<Undefined>().message);
  Fail(fmt::format(
      "unsupported operand types for {}: '{}' and '{}'", symbol, TypeName(a), TypeName(b)));
}

// Overflow-checked, by the compiler's builtins.
template <typename Builtin>
Value Checked(int64_t a, int64_t b, const Builtin& builtin) {
  int64_t out = 0;
  if (builtin(a, b, &out)) Overflow();
  return Value::integer(out);
}

Value Add(Runtime& runtime, const Value& a, const Value& b) {
  if (a.integral() && b.integral())
    return Checked(a.integer(), b.integer(), [](int64_t x, int64_t y, int64_t* out) {
      return __builtin_add_overflow(x, y, out);
    });
  if (a.number() && b.number()) return Value::real(a.real() + b.real());
  if (a.is(Kind::kText) && b.is(Kind::kText)) {
    const Text& left = a.as<Text>();
    const Text& right = b.as<Text>();
    const bool safe = left.safe || right.safe;
    const auto part = [&](const Text& text) {
      return safe && !text.safe ? Escaped(text.bytes) : text.bytes;
    };
    return runtime.text(part(left) + part(right), safe);
  }
  if (a.sequence() && a.kind() == b.kind()) {
    std::vector<Value> items = a.as<Sequence>().items;
    const auto& more = b.as<Sequence>().items;
    items.insert(items.end(), more.begin(), more.end());
    return a.is(Kind::kList) ? runtime.list(std::move(items)) : runtime.tuple(std::move(items));
  }
  Unsupported("+", a, b);
}

Value Subtract(const Value& a, const Value& b) {
  if (a.integral() && b.integral())
    return Checked(a.integer(), b.integer(), [](int64_t x, int64_t y, int64_t* out) {
      return __builtin_sub_overflow(x, y, out);
    });
  if (a.number() && b.number()) return Value::real(a.real() - b.real());
  Unsupported("-", a, b);
}

Value Repeat(Runtime& runtime, const Value& value, int64_t count) {
  count = std::max<int64_t>(0, count);
  const auto size = value.is(Kind::kText) ? value.as<Text>().bytes.size()
                                          : value.as<Sequence>().items.size() * sizeof(Value);
  if (size > 0 && count > kMaxTextBytes / static_cast<int64_t>(size))
    Fail(fmt::format("a value is larger than {} MiB", kMaxTextBytes >> 20));
  if (size == 0) count = 0;
  runtime.work(size * static_cast<size_t>(count));
  if (value.is(Kind::kText)) {
    std::string out;
    out.reserve(size * static_cast<size_t>(count));
    for (; count > 0; --count) out += value.as<Text>().bytes;
    return runtime.text(std::move(out), value.as<Text>().safe);
  }
  const auto& items = value.as<Sequence>().items;
  std::vector<Value> out;
  for (; count > 0; --count) out.insert(out.end(), items.begin(), items.end());
  return value.is(Kind::kList) ? runtime.list(std::move(out)) : runtime.tuple(std::move(out));
}

Value Multiply(Runtime& runtime, const Value& a, const Value& b) {
  if (a.integral() && b.integral())
    return Checked(a.integer(), b.integer(), [](int64_t x, int64_t y, int64_t* out) {
      return __builtin_mul_overflow(x, y, out);
    });
  if (a.number() && b.number()) return Value::real(a.real() * b.real());
  const auto repeats = [](const Value& value) { return value.is(Kind::kText) || value.sequence(); };
  if (repeats(a) && b.integral()) return Repeat(runtime, a, b.integer());
  if (repeats(b) && a.integral()) return Repeat(runtime, b, a.integer());
  Unsupported("*", a, b);
}

Value Divide(const Value& a, const Value& b) {
  if (!a.number() || !b.number()) Unsupported("/", a, b);
  if (b.real() == 0.0) Fail("division by zero");
  if (a.integral() && b.integral())
    return Value::real(static_cast<double>(static_cast<long double>(a.integer()) /
                                           static_cast<long double>(b.integer())));
  return Value::real(a.real() / b.real());
}

// The remainder has the divisor's sign.
double FloorRemainder(double a, double b) {
  double remainder = std::fmod(a, b);
  if (remainder != 0.0 && (b < 0) != (remainder < 0)) remainder += b;
  return remainder == 0.0 ? std::copysign(0.0, b) : remainder;
}

Value FloorDivide(const Value& a, const Value& b) {
  if (!a.number() || !b.number()) Unsupported("//", a, b);
  if (b.real() == 0.0) Fail("integer division or modulo by zero");
  if (a.integral() && b.integral()) {
    if (a.integer() == INT64_MIN && b.integer() == -1) Overflow();
    const int64_t quotient = a.integer() / b.integer();
    const bool inexact = a.integer() % b.integer() != 0;
    return Value::integer(quotient - (inexact && (a.integer() < 0) != (b.integer() < 0) ? 1 : 0));
  }
  const double quotient = (a.real() - FloorRemainder(a.real(), b.real())) / b.real();
  if (quotient == 0.0) return Value::real(std::copysign(0.0, a.real() / b.real()));
  const double floor = std::floor(quotient);
  return Value::real(quotient - floor > 0.5 ? floor + 1.0 : floor);
}

Value Modulo(Runtime& runtime, const Value& a, const Value& b) {
  if (a.is(Kind::kText)) return FormatPercent(runtime, a, b);
  if (!a.number() || !b.number()) Unsupported("%", a, b);
  if (b.real() == 0.0) Fail("integer division or modulo by zero");
  if (a.integral() && b.integral()) {
    if (b.integer() == -1) return Value::integer(0);
    const int64_t remainder = a.integer() % b.integer();
    const bool other_sign = remainder != 0 && (remainder < 0) != (b.integer() < 0);
    return Value::integer(remainder + (other_sign ? b.integer() : 0));
  }
  return Value::real(FloorRemainder(a.real(), b.real()));
}

Value Power(const Value& a, const Value& b) {
  if (!a.number() || !b.number()) Unsupported("**", a, b);
  if (!a.integral() || !b.integral() || b.integer() < 0) {
    if (a.real() == 0.0 && b.real() < 0.0) Fail("0.0 cannot be raised to a negative power");
    if (a.real() < 0.0 && b.real() != std::floor(b.real()))
      Fail("complex numbers are not supported");
    const double power = std::pow(a.real(), b.real());
    if (std::isinf(power) && std::isfinite(a.real()) && std::isfinite(b.real()))
      Fail("a power is too large");
    return Value::real(power);
  }
  int64_t power = 1;
  int64_t base = a.integer();
  for (int64_t left = b.integer(); left > 0; left >>= 1) {
    if ((left & 1) != 0 && __builtin_mul_overflow(power, base, &power)) Overflow();
    if (left > 1 && __builtin_mul_overflow(base, base, &base)) Overflow();
  }
  return Value::integer(power);
}

}  // namespace

Value Arithmetic(Runtime& runtime, Operator op, const Value& a, const Value& b) {
  switch (op) {
    case Operator::kAdd:
      return Add(runtime, a, b);
    case Operator::kSubtract:
      return Subtract(a, b);
    case Operator::kMultiply:
      return Multiply(runtime, a, b);
    case Operator::kDivide:
      return Divide(a, b);
    case Operator::kFloorDivide:
      return FloorDivide(a, b);
    case Operator::kModulo:
      return Modulo(runtime, a, b);
    default:
      return Power(a, b);
  }
}

Value Signed(const Value& value, bool negative) {
  if (value.undefined()) Fail(value.as<Undefined>().message);
  if (!value.number()) Fail(fmt::format("bad operand type for a sign: '{}'", TypeName(value)));
  if (value.is(Kind::kFloat)) return Value::real(negative ? -value.real() : value.real());
  if (negative && value.integer() == INT64_MIN) Overflow();
  return Value::integer(negative ? -value.integer() : value.integer());
}

}  // namespace restem::jinja
