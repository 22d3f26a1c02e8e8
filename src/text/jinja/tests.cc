#include "text/jinja/tests.h"

#include <fmt/format.h>

#include "text/jinja/arithmetic.h"
#include "text/jinja/bind.h"
#include "text/jinja/compare.h"
#include "text/jinja/filters.h"
#include "text/jinja/iterate.h"
#include "text/jinja/text_methods.h"

namespace restem::jinja {
namespace {

template <bool (*holds)(const Value&)>
Value Simple(Runtime&, const Value& self, Arguments& arguments) {
  const Bound bound("a test", arguments, {});
  return Value::boolean(holds(self));
}

template <Kind kind>
bool IsKind(const Value& value) {
  return value.is(kind);
}

bool IsDefined(const Value& value) { return !value.undefined(); }
bool IsTrue(const Value& value) { return value.is(Kind::kBool) && value.integer() != 0; }
bool IsFalse(const Value& value) { return value.is(Kind::kBool) && value.integer() == 0; }
bool IsNumber(const Value& value) { return value.number(); }
bool IsEscaped(const Value& value) { return value.is(Kind::kText) && value.as<Text>().safe; }
bool IsSequence(const Value& value) {
  return value.sequence() || value.is(Kind::kText) || value.is(Kind::kDict) ||
         value.is(Kind::kRange) || value.undefined();  // jinja2's Undefined has len and []
}
bool IsCallable(const Value& value) {
  return value.is(Kind::kFunction) || value.is(Kind::kMacro) || value.is(Kind::kLoop) ||
         value.is(Kind::kJoiner) || value.undefined();
}

Value Remainder(Runtime& runtime, const Value& self, int64_t divisor) {
  return Arithmetic(runtime, Operator::kModulo, self, Value::integer(divisor));
}

template <int64_t remainder>
Value HasParity(Runtime& runtime, const Value& self, Arguments& arguments) {
  const Bound bound("a test", arguments, {});
  return Value::boolean(Equal(runtime, Remainder(runtime, self, 2), Value::integer(remainder)));
}

Value DivisibleBy(Runtime& runtime, const Value& self, Arguments& arguments) {
  const Bound bound("divisibleby", arguments, {"num"}, 1);
  const Value rest = Arithmetic(runtime, Operator::kModulo, self, bound[0]);
  return Value::boolean(Equal(runtime, rest, Value::integer(0)));
}

template <bool upper>
Value HasCase(Runtime& runtime, const Value& self, Arguments& arguments) {
  const Bound bound("a test", arguments, {});
  return Value::boolean(HasOnlyCase(ToText(runtime, self), upper));
}

template <Operator op>
Value Compared(Runtime& runtime, const Value& self, Arguments& arguments) {
  const Bound bound("a test", arguments, {"other"}, 1);
  return Value::boolean(Compare(runtime, op, self, bound[0]));
}

Value SameAs(Runtime&, const Value& self, Arguments& arguments) {
  const Bound bound("sameas", arguments, {"other"}, 1);
  return Value::boolean(self.same_as(bound[0]));
}

Value IsFilter(Runtime&, const Value& self, Arguments& arguments) {
  const Bound bound("filter", arguments, {});
  return Value::boolean(self.is(Kind::kText) && FindFilter(self.as<Text>().bytes) != nullptr);
}

Value IsTest(Runtime&, const Value& self, Arguments& arguments) {
  const Bound bound("test", arguments, {});
  return Value::boolean(self.is(Kind::kText) && FindTest(self.as<Text>().bytes) != nullptr);
}

constexpr std::pair<std::string_view, Method> kTests[] = {
    {"!=", Compared<Operator::kNotEqual>},
    {"<", Compared<Operator::kLess>},
    {"<=", Compared<Operator::kLessEqual>},
    {"==", Compared<Operator::kEqual>},
    {">", Compared<Operator::kGreater>},
    {">=", Compared<Operator::kGreaterEqual>},
    {"boolean", Simple<IsKind<Kind::kBool>>},
    {"callable", Simple<IsCallable>},
    {"defined", Simple<IsDefined>},
    {"divisibleby", DivisibleBy},
    {"eq", Compared<Operator::kEqual>},
    {"equalto", Compared<Operator::kEqual>},
    {"escaped", Simple<IsEscaped>},
    {"even", HasParity<0>},
    {"false", Simple<IsFalse>},
    {"filter", IsFilter},
    {"float", Simple<IsKind<Kind::kFloat>>},
    {"ge", Compared<Operator::kGreaterEqual>},
    {"greaterthan", Compared<Operator::kGreater>},
    {"gt", Compared<Operator::kGreater>},
    {"in", Compared<Operator::kIn>},
    {"integer", Simple<IsKind<Kind::kInt>>},
    {"iterable", Simple<IsIterable>},
    {"le", Compared<Operator::kLessEqual>},
    {"lessthan", Compared<Operator::kLess>},
    {"lower", HasCase<false>},
    {"lt", Compared<Operator::kLess>},
    {"mapping", Simple<IsKind<Kind::kDict>>},
    {"ne", Compared<Operator::kNotEqual>},
    {"none", Simple<IsKind<Kind::kNone>>},
    {"number", Simple<IsNumber>},
    {"odd", HasParity<1>},
    {"sameas", SameAs},
    {"sequence", Simple<IsSequence>},
    {"string", Simple<IsKind<Kind::kText>>},
    {"test", IsTest},
    {"true", Simple<IsTrue>},
    {"undefined", Simple<IsKind<Kind::kUndefined>>},
    {"upper", HasCase<true>},
};

}  // namespace

Method FindTest(std::string_view name) {
  for (const auto& [known, method] : kTests)
    if (known == name) return method;
  return nullptr;
}

std::string NoTest(std::string_view name) { return fmt::format("there is no test '{}'", name); }

}  // namespace restem::jinja
