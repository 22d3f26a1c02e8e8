// Constants as Calcium holds them: it proves equality where it can.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reward/math/budget.h"
#include "reward/math/node.h"

struct RestemExact;

namespace restem::math {

// A number in the calling thread's context.
struct ExactDeleter {
  void operator()(RestemExact* x) const;
};
using ExactPointer = std::unique_ptr<RestemExact, ExactDeleter>;

class ExactField {
 public:
  // The two measures bound what an operation may cost before it is begun: Calcium cannot be
  // interrupted, and FLINT aborts the program where memory ends.
  struct Value {
    ExactPointer number;
    double bits = 1;   // of the largest coefficient, about
    double terms = 1;  // monomials in roots and transcendental numbers
  };
  explicit ExactField(Budget& budget);

  std::optional<Value> number(const std::string& digits);
  std::optional<Value> symbol(const std::string&) const { return std::nullopt; }
  std::optional<Value> constant(Kind kind);
  std::optional<Value> add(const Value& a, const Value& b);
  std::optional<Value> multiply(const Value& a, const Value& b);
  std::optional<Value> divide(const Value& a, const Value& b);
  std::optional<Value> negate(const Value& a);
  std::optional<Value> power(const Value& base, const Value& exponent, const Node& node);
  std::optional<Value> root(const Value& radicand, const Node& index);
  std::optional<Value> call(const std::string& name, const std::vector<Value>& args);
  bool step() { return budget_.step(100); }

  // nullopt where that is not decided.
  std::optional<bool> equal(const Value& a, const Value& b);

 private:
  std::optional<Value> checked(Value value);
  std::optional<Value> binary(char op, const Value& a, const Value& b, double bits, double terms);
  std::optional<Value> small_power(const Value& base, int64_t num, int64_t den);
  std::optional<Value> function(const char* name, const Value& a);
  Value integer(int64_t value);

  Budget& budget_;
  int extensions_ = 0;  // roots and transcendental numbers made so far
};

}  // namespace restem::math
