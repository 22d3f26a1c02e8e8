#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <fstream>

#include "base/random.h"
#include "reward/arithmetic.h"
#include "reward/json_fields.h"
#include "support/paths.h"

namespace restem {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using testing::MakeProblem;
using testing::Reward;
using testing::VerdictOf;
using testing::WithAnswer;

struct Value {
  std::string_view text;
  std::string_view value;  // or a part of the message
};
void PrintTo(const Value& v, std::ostream* out) { *out << v.text; }

class Evaluates : public ::testing::TestWithParam<Value> {};
TEST_P(Evaluates, To) {
  const Variables variables = {{"n0", Number::from(Rational{3, 1})},
                               {"x_1", Number::from(Rational{1, 2})}};
  const auto value = Evaluate(GetParam().text, variables);
  ASSERT_TRUE(value.ok()) << MessageOf(value.status());
  EXPECT_EQ(ToString(*value), GetParam().value);
}
INSTANTIATE_TEST_SUITE_P(Arithmetic,
                         Evaluates,
                         ::testing::Values(Value{"18", "18"},
                                           Value{" ( 290.0 / 2.0 ) ", "145"},
                                           Value{"1+2*3", "7"},
                                           Value{"(1+2)*3", "9"},
                                           Value{"10-2-3", "5"},
                                           Value{"100/10/2", "5"},
                                           Value{"2^3^2", "512"},
                                           Value{"-2^2", "-4"},
                                           Value{"(-2)^2", "4"},
                                           Value{"2^-1", "0.5"},
                                           Value{"2*-3", "-6"},
                                           Value{"2--3", "5"},
                                           Value{"2+-+-3", "5"},
                                           Value{"+5", "5"},
                                           Value{"0^0", "1"},
                                           Value{"1/3+1/3+1/3", "1"},
                                           Value{"1/3", "1/3"},
                                           Value{"0.1+0.2", "0.3"},
                                           Value{".5*4", "2"},
                                           Value{"5.", "5"},
                                           Value{"7/3*3", "7"},
                                           Value{"2×3÷4−1", "0.5"},
                                           Value{"n0*2", "6"},
                                           Value{"n0^2+x_1", "9.5"},
                                           Value{"4^0.5", "2"},
                                           Value{"((((((1))))))", "1"},
                                           Value{"1\n+\t2", "3"},
                                           Value{"9007199254740992+1", "9007199254740993"},
                                           Value{"2.5e-3*1E3", "2.5"},
                                           Value{"10^18*10", "1e+19"}));

class Refuses : public ::testing::TestWithParam<Value> {};
TEST_P(Refuses, With) {
  const auto value = Evaluate(GetParam().text, {});
  ASSERT_FALSE(value.ok()) << ToString(*value);
  EXPECT_EQ(value.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(MessageOf(value.status())), HasSubstr(std::string(GetParam().value)));
}
INSTANTIATE_TEST_SUITE_P(
    Errors,
    Refuses,
    ::testing::Values(Value{"", "the expression ends where a number should follow"},
                      Value{"1+", "the expression ends where a number should follow"},
                      Value{"(1", "the expression ends where ')' should follow"},
                      Value{"1)", "column 2: ')' where an operator should be"},
                      Value{"1 2", "column 3: '2' where an operator should be"},
                      Value{"()", "column 2: ')' where a number should be"},
                      Value{"*3", "column 1: '*' where a number should be"},
                      Value{"2 € 3", "column 3: '€' where an operator should be"},
                      Value{"1.2.3", "column 4: '.' where an operator should be"},
                      Value{".", "where a digit should follow"},
                      Value{"1,000", "column 2: ',' where an operator should be"},
                      Value{"2(3)", "column 2: '(' where an operator should be"},
                      Value{"n0", "unknown variable 'n0' at column 3"},
                      Value{"sqrt(4)", "unknown variable 'sqrt'"},
                      Value{"2e", "column 2: 'e' where an operator should be"},
                      Value{"2e+", "column 2: 'e' where an operator should be"},
                      Value{"1e999999999999999999999", "not a finite number"},
                      Value{"1/0", "division by zero"},
                      Value{"1/(2-2)", "division by zero"},
                      Value{"0^-1", "division by zero"},
                      Value{"9^9^9", "not a finite number"},
                      Value{"(0-8)^0.5", "not a finite number"}));

TEST(Arithmetic, DeepNestingIsRefusedNotACrash) {
  for (const std::string& unit : {std::string("("), std::string("-"), std::string("2^")}) {
    std::string text;
    for (int i = 0; i < 3000; ++i) text += unit;
    const auto value = Evaluate(text + "1", {});
    ASSERT_FALSE(value.ok());
    EXPECT_EQ(MessageOf(value.status()), "nested deeper than 200");
  }
  std::string shallow = std::string(150, '(') + "1" + std::string(150, ')');
  EXPECT_TRUE(Evaluate(shallow, {}).ok());
}

// ---- Against Python's fractions ----
class Writer {
 public:
  explicit Writer(uint64_t index)
      : stream_(17, StreamPurpose::kShuffle, 0, "random expressions", index) {}
  std::string expression(int depth) {
    const uint64_t kind = depth <= 0 ? 0 : below(8);
    switch (kind) {
      case 0:
      case 1:
        return std::to_string(below(20));
      case 2:
        return fmt::format("{}.{}", below(20), below(100));
      case 3:
        return fmt::format("({})", expression(depth - 1));
      case 4:
        return fmt::format("-{}", expression(depth - 1));
      case 5:
        return fmt::format("({})^{}", expression(depth - 1), below(4));
      default: {
        const char operators[] = "+-*/";
        std::string left = expression(depth - 1);
        const char sign = operators[below(4)];
        const char* space = below(2) == 0 ? "" : " ";
        return fmt::format("{}{}{}{}{}", left, space, sign, space, expression(depth - 1));
      }
    }
  }

 private:
  uint64_t below(uint64_t bound) { return UniformBelow(stream_, counter_++, bound); }
  RandomStream stream_;
  uint64_t counter_ = 0;
};

constexpr std::string_view kPythonEvaluator = R"(
import sys, ast, operator
from fractions import Fraction
OPS = {ast.Add: operator.add, ast.Sub: operator.sub,
       ast.Mult: operator.mul, ast.Div: operator.truediv}
def value(node, source):
    if isinstance(node, ast.Constant): return Fraction(ast.get_source_segment(source, node))
    if isinstance(node, ast.UnaryOp): return -value(node.operand, source)
    left, right = value(node.left, source), value(node.right, source)
    if isinstance(node.op, ast.Pow): return left ** int(right)
    return OPS[type(node.op)](left, right)
for line in open(sys.argv[1]):
    source = line.strip().replace('^', '**')
    try:
        result = value(ast.parse(source, mode='eval').body, source)
        print('%d/%d' % (result.numerator, result.denominator))
    except ZeroDivisionError:
        print('zero')
)";

TEST(Arithmetic, AgreesWithPythonOnRandomExpressions) {
  const auto python = testing::Python();
  if (!python) GTEST_SKIP() << "no Python: neither RESTEM_PYTHON nor .venv";
  const std::string dir = testing::TestDir();
  std::vector<std::string> texts;
  for (uint64_t i = 0; i < 5000; ++i) texts.push_back(Writer(i).expression(6));
  std::ofstream(dir + "/evaluate.py") << kPythonEvaluator;
  {
    std::ofstream file(dir + "/expressions.txt");
    for (const std::string& text : texts) file << text << "\n";
  }
  ASSERT_EQ(
      std::system(fmt::format("'{0}' '{1}/evaluate.py' '{1}/expressions.txt' > '{1}/values.txt'",
                              *python,
                              dir)
                      .c_str()),
      0);
  std::ifstream values(dir + "/values.txt");
  int exact = 0, zero = 0;
  for (const std::string& text : texts) {
    std::string wanted;
    ASSERT_TRUE(std::getline(values, wanted));
    const auto value = Evaluate(text, {});
    if (wanted == "zero") {
      ASSERT_FALSE(value.ok()) << text;
      EXPECT_THAT(std::string(MessageOf(value.status())), HasSubstr("division by zero")) << text;
      ++zero;
      continue;
    }
    ASSERT_TRUE(value.ok()) << text << ": " << MessageOf(value.status());
    if (value->exact) {
      EXPECT_EQ(fmt::format("{}/{}", value->exact->num, value->exact->den), wanted) << text;
      ++exact;
    } else {  // too large for 64 bits: doubles, some ten operations deep
      const size_t slash = wanted.find('/');
      const double gold = std::stod(wanted.substr(0, slash)) / std::stod(wanted.substr(slash + 1));
      EXPECT_NEAR(value->value, gold, 1e-9 * std::abs(gold)) << text;
    }
  }
  EXPECT_GT(exact, 4000);
  EXPECT_GT(zero, 20);
}

// ---- The reward ----
TEST(ExpressionReward, Judges) {
  const auto reward = Reward({{"type", "expression"}});
  const auto verdict = [&](const json& answer, std::string_view text) {
    const Judgement judgement = reward->judge(WithAnswer(answer), text);
    return VerdictOf(judgement) + (judgement.reason.empty() ? "" : ": " + judgement.reason);
  };
  EXPECT_EQ(verdict(145.0, "( 290.0 / 2.0 )"), "correct");
  EXPECT_EQ(verdict(7, " 3 + 4\n"), "correct");
  EXPECT_EQ(verdict(7, "3 + 4 = 7"), "correct");
  EXPECT_EQ(verdict(7, "3 + 4 = 8"), "correct");  // the expression is judged, not the claim
  EXPECT_EQ(verdict(7, "x = 3 + 4"), "wrong: unknown variable 'x' at column 2");
  EXPECT_EQ(verdict(8, "3 + 4"), "wrong: its value 7 is not 8");
  EXPECT_EQ(verdict(7, "3 + 4\n2 + 5"),
            "wrong: syntax error at column 7: '2' where an operator should be");
  EXPECT_EQ(verdict(7, ""),
            "wrong: syntax error: the expression ends where a number should follow");
  EXPECT_EQ(verdict(7, "7 / 0"), "wrong: division by zero at column 6");
  EXPECT_EQ(verdict(7, std::string(20000, '1')), "wrong: longer than 10000 bytes");
  EXPECT_EQ(verdict("1/3", "2/6"), "correct");
  EXPECT_EQ(verdict("0.3333333", "1/3"), "correct");
  EXPECT_EQ(verdict("so it is\n#### 18", "9*2"), "correct");
  EXPECT_EQ(verdict("$1,000", "10^3"), "correct");
  EXPECT_EQ(verdict("many", "1"), "error: the gold answer holds no number: many");
  EXPECT_EQ(verdict(nullptr, "1"), "error: the problem has no answer");
  EXPECT_EQ(reward->judge(WithAnswer(7), "3+4").extracted, "7");
  EXPECT_EQ(reward->gold_completion(WithAnswer(145.0)), "145");
  EXPECT_EQ(reward->gold_completion(WithAnswer("#### 1,234")), "1234");
}

TEST(ExpressionReward, BindsVariables) {
  const auto reward = Reward({{"type", "expression"}, {"variables", "numbers"}});
  const auto verdict = [&](const json& numbers, std::string_view text) {
    const Judgement judgement =
        reward->judge(MakeProblem({{"numbers", numbers}, {"answer", 8}}), text);
    return VerdictOf(judgement) + (judgement.reason.empty() ? "" : ": " + judgement.reason);
  };
  EXPECT_EQ(verdict({3, 5}, "n0 + n1"), "correct");
  EXPECT_EQ(verdict({3.0, "5"}, "n0 + n1"), "correct");
  EXPECT_EQ(verdict("3.0 5.0", "n0 + n1"), "correct");
  EXPECT_EQ(verdict("3, 5", "n0 + n1"), "correct");
  EXPECT_EQ(verdict({{"a", 3}, {"b", 5}}, "a + b"), "correct");
  EXPECT_EQ(verdict({3, 5}, "n0 + n2"), "wrong: unknown variable 'n2' at column 8");
  EXPECT_EQ(verdict({3, 5}, "n0 + n1 + 0"), "correct");
  EXPECT_EQ(verdict(json::array(), "8"), "correct");
  EXPECT_EQ(verdict({"three"}, "8"), "error: field 'numbers' holds three, which is no number");
  EXPECT_EQ(verdict(3, "n0"),
            "error: field 'numbers' is not a list, a text or a mapping of numbers");
  EXPECT_EQ(VerdictOf(reward->judge(WithAnswer(8), "8")), "error");
}

}  // namespace
}  // namespace restem
