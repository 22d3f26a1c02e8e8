// Complex numbers with rigorous error bounds (Arb). Two that do not overlap are different; two that
// do may be equal.
#pragma once

#include <acb.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "reward/math/budget.h"
#include "reward/math/node.h"

namespace restem::math {

class Ball {
 public:
  Ball() { acb_init(value_); }
  Ball(const Ball& other) : Ball() { acb_set(value_, other.value_); }
  Ball(Ball&& other) noexcept : Ball() { acb_swap(value_, other.value_); }
  Ball& operator=(const Ball& other) {
    if (this != &other) acb_set(value_, other.value_);
    return *this;
  }
  Ball& operator=(Ball&& other) noexcept {
    acb_swap(value_, other.value_);
    return *this;
  }
  ~Ball() { acb_clear(value_); }

  acb_ptr get() { return value_; }
  acb_srcptr get() const { return value_; }

 private:
  acb_t value_;
};

class BallField {
 public:
  using Value = Ball;

  // `point` chooses where the variables are: real numbers between -4 and 4.
  // `real`: roots, powers and logarithms of negative numbers are undefined, as over the reals.
  struct Options {
    slong precision = 128;  // bits
    uint64_t point = 0;
    bool real = false;
  };
  BallField(const Options& options, Budget& budget) : options_(options), budget_(budget) {}

  std::optional<Ball> number(const std::string& digits) const;
  std::optional<Ball> symbol(const std::string& name) const;
  std::optional<Ball> constant(Kind kind) const;
  std::optional<Ball> add(const Ball& a, const Ball& b) const;
  std::optional<Ball> multiply(const Ball& a, const Ball& b) const;
  std::optional<Ball> divide(const Ball& a, const Ball& b) const;
  std::optional<Ball> negate(const Ball& a) const;
  std::optional<Ball> power(const Ball& base, const Ball& exponent, const Node& node) const;
  std::optional<Ball> root(const Ball& radicand, const Node& index) const;
  std::optional<Ball> call(const std::string& name, const std::vector<Ball>& args) const;
  bool step() { return budget_.step(options_.precision / 64); }

 private:
  std::optional<Ball> finite(Ball value) const;
  std::optional<Ball> logarithm(const Ball& value) const;
  std::optional<Ball> elementary(const std::string& name, const Ball& a) const;
  std::optional<Ball> factorial(const Ball& a) const;
  std::optional<Ball> binomial(const Ball& n, const Ball& k) const;
  std::optional<Ball> rounded(const std::string& name, const Ball& a) const;
  std::optional<Ball> odd_root_of_negative(const Ball& value, ulong n) const;

  const Options options_;
  Budget& budget_;
};

}  // namespace restem::math
