#include "reward/math/exact_field.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <vector>

#include "reward/math/calcium.h"
#include "reward/math/flint_failure.h"
#include "reward/math/rational_field.h"

namespace restem::math {
namespace {

constexpr double kMaxBits = 100'000;
constexpr double kMaxTerms = 200;
constexpr int kMaxExtensions = 10;

// The thread's context. Its caches grow with every new root, so it is replaced now and then.
class ThreadContext {
 public:
  ~ThreadContext() {
    if (context_ == nullptr || FlintFailed()) return;
    restem_exact_context_free(context_);
    restem_exact_thread_ends();
  }
  RestemExactContext* get() {
    if (context_ == nullptr) context_ = restem_exact_context_new();
    return context_;
  }
  // After a failure its state is unknown: it is put aside rather than freed.
  void abandon() {
    static std::mutex mutex;
    static auto* const abandoned = new std::vector<RestemExactContext*>;
    const std::lock_guard lock(mutex);
    abandoned->push_back(context_);
    context_ = nullptr;
  }
  void trim() {
    constexpr long kMaxRemembered = 64;
    if (context_ == nullptr || restem_exact_context_size(context_) < kMaxRemembered) return;
    restem_exact_context_free(context_);
    context_ = nullptr;
  }

 private:
  RestemExactContext* context_ = nullptr;
};

ThreadContext& Context() {
  thread_local ThreadContext context;
  return context;
}

ExactPointer New() { return ExactPointer(restem_exact_new(Context().get())); }

}  // namespace

void ExactDeleter::operator()(RestemExact* x) const {
  if (!FlintFailed()) restem_exact_free(x, Context().get());
}

// Nothing of an earlier field is alive here: one is made for each comparison.
ExactField::ExactField(Budget& budget) : budget_(budget) {
  if (FlintFailed()) {
    Context().abandon();
    ForgetFlintFailure();
  }
  Context().trim();
}

std::optional<ExactField::Value> ExactField::checked(Value value) {
  const long bits = restem_exact_bits(value.number.get(), Context().get());
  if (bits >= 0) {
    value.bits = static_cast<double>(bits);
    value.terms = 1;
  }
  if (restem_exact_is_number(value.number.get(), Context().get()) != 1) return std::nullopt;
  return value;
}

ExactField::Value ExactField::integer(int64_t value) {
  Value result{New(), 64, 1};
  restem_exact_set_long(result.number.get(), value, Context().get());
  return result;
}

std::optional<ExactField::Value> ExactField::number(const std::string& digits) {
  std::string whole;
  size_t decimals = 0;
  bool behind_point = false;
  for (const char c : digits) {
    if (c == '.') {
      behind_point = true;
      continue;
    }
    whole += c;
    if (behind_point) ++decimals;
  }
  Value result{New(), 3.33 * static_cast<double>(whole.size()), 1};
  restem_exact_set_digits(result.number.get(), whole.c_str(), Context().get());
  if (decimals == 0) return checked(std::move(result));
  const auto scale = small_power(integer(10), static_cast<int64_t>(decimals), 1);
  return scale ? divide(result, *scale) : std::nullopt;
}

std::optional<ExactField::Value> ExactField::constant(Kind kind) {
  if (++extensions_ > kMaxExtensions) return std::nullopt;
  Value result{New(), 1, 1};
  restem_exact_set_constant(result.number.get(),
                            kind == Kind::kPi  ? 'p'
                            : kind == Kind::kI ? 'i'
                                               : 'e',
                            Context().get());
  return result;
}

std::optional<ExactField::Value> ExactField::binary(
    char op, const Value& a, const Value& b, double bits, double terms) {
  if (bits > kMaxBits || terms > kMaxTerms) return std::nullopt;
  Value result{New(), bits, terms};
  restem_exact_binary(result.number.get(), op, a.number.get(), b.number.get(), Context().get());
  return checked(std::move(result));
}

std::optional<ExactField::Value> ExactField::add(const Value& a, const Value& b) {
  return binary('+', a, b, std::max(a.bits, b.bits) + 1, a.terms + b.terms);
}
std::optional<ExactField::Value> ExactField::multiply(const Value& a, const Value& b) {
  return binary('*', a, b, a.bits + b.bits, a.terms * b.terms);
}
std::optional<ExactField::Value> ExactField::divide(const Value& a, const Value& b) {
  return binary('/', a, b, a.bits + b.bits, a.terms * b.terms);
}
std::optional<ExactField::Value> ExactField::negate(const Value& a) { return function("neg", a); }

std::optional<ExactField::Value> ExactField::small_power(const Value& base,
                                                         int64_t num,
                                                         int64_t den) {
  const double size = std::abs(static_cast<double>(num));
  if (size > 1e6 || den > 24) return std::nullopt;
  const bool rational = restem_exact_bits(base.number.get(), Context().get()) >= 0;
  const long degree = restem_exact_degree(base.number.get(), Context().get());
  // In a number field a power has no more terms than its base can have.
  const bool closed = degree > 0 && den == 1;
  const double bits = (base.bits + (closed ? static_cast<double>(degree) : 0.0)) * size;
  const double terms = base.terms == 1 ? 1
                       : closed        ? static_cast<double>(degree)
                                       : std::pow(base.terms, std::min(size, 1e3));
  if (bits > kMaxBits || terms > kMaxTerms) return std::nullopt;
  if (!rational && size > (closed ? 1000 : 60)) return std::nullopt;
  if (den > 1 && ++extensions_ > kMaxExtensions) return std::nullopt;
  if (den > 1 && base.bits > 2000) return std::nullopt;  // its factors are looked for
  Value result{New(), bits, terms};
  restem_exact_power(result.number.get(), base.number.get(), num, den, Context().get());
  return checked(std::move(result));
}

std::optional<ExactField::Value> ExactField::power(const Value& base,
                                                   const Value& exponent,
                                                   const Node& node) {
  if (const auto rational = RationalValue(node)) {
    return small_power(base, rational->num, rational->den);
  }
  if (++extensions_ > kMaxExtensions || base.bits > 2000 || exponent.bits > 64) return std::nullopt;
  return binary('^', base, exponent, base.bits * 64, base.terms * exponent.terms);
}

std::optional<ExactField::Value> ExactField::root(const Value& radicand, const Node& index) {
  const auto n = RationalValue(index);
  if (!n || n->den != 1 || n->num < 1) return std::nullopt;
  const bool odd = n->num % 2 == 1;
  const int negative = odd ? restem_exact_is_negative(radicand.number.get(), Context().get()) : 0;
  if (negative < 0) return std::nullopt;
  if (negative == 0) return small_power(radicand, 1, n->num);
  const auto positive = negate(radicand);
  const auto root = positive ? small_power(*positive, 1, n->num) : std::nullopt;
  return root ? negate(*root) : std::nullopt;
}

std::optional<ExactField::Value> ExactField::function(const char* name, const Value& a) {
  const bool cheap = std::string_view(name) == "neg" || std::string_view(name) == "abs";
  if (!cheap && (++extensions_ > kMaxExtensions || a.bits > 2000 || a.terms > 20)) {
    return std::nullopt;
  }
  Value result{New(), a.bits, a.terms};
  if (restem_exact_function(result.number.get(), name, a.number.get(), Context().get()) == 0) {
    return std::nullopt;
  }
  return checked(std::move(result));
}

std::optional<ExactField::Value> ExactField::call(const std::string& name,
                                                  const std::vector<Value>& args) {
  if (name == "log" && !args.empty() && args.size() <= 2) {
    const auto base = args.size() == 2 ? function("ln", args[0]) : function("ln", integer(10));
    const auto value = function("ln", args.back());
    return base && value ? divide(*value, *base) : std::nullopt;
  }
  if (args.size() != 1) return std::nullopt;
  if (name == "percent") return divide(args[0], integer(100));
  if (name == "degree") {
    const auto pi = constant(Kind::kPi);
    const auto turned = pi ? multiply(args[0], *pi) : std::nullopt;
    return turned ? divide(*turned, integer(180)) : std::nullopt;
  }
  if (name == "sec" || name == "csc") {
    const auto below = function(name == "sec" ? "cos" : "sin", args[0]);
    return below ? divide(integer(1), *below) : std::nullopt;
  }
  if (name == "sinh" || name == "cosh") {
    const auto up = function("exp", args[0]);
    const auto down = up ? divide(integer(1), *up) : std::nullopt;
    auto second = down && name == "sinh" ? negate(*down) : std::nullopt;
    if (down && name == "cosh") second = divide(integer(1), *up);
    const auto sum = second ? add(*up, *second) : std::nullopt;
    return sum ? divide(*sum, integer(2)) : std::nullopt;
  }
  return function(name.c_str(), args[0]);
}

std::optional<bool> ExactField::equal(const Value& a, const Value& b) {
  const int truth = restem_exact_equal(a.number.get(), b.number.get(), Context().get());
  return truth < 0 ? std::nullopt : std::optional(truth == 1);
}

}  // namespace restem::math
