// Absurd answers are judged soon, and none ends the program.
#include <flint/fmpz.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <time.h>

#include <thread>

#include "reward/math/flint_failure.h"
#include "reward/math/judge_boxed.h"

namespace restem {
namespace {

using testing::JudgeBoxed;
using testing::VerdictOf;

std::string Repeated(std::string_view what, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += what;
  return all;
}

// Of this thread, on a core: a busy machine does not count. Ten times the limit of a verdict; what
// is not given up takes minutes.
constexpr double kSoon = 10.0;
double CpuSeconds() {
  timespec time = {};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

double Seconds(std::string_view gold, std::string_view answer, std::string* verdict) {
  const double start = CpuSeconds();
  *verdict = VerdictOf(JudgeBoxed(gold, answer));
  return CpuSeconds() - start;
}

TEST(MathLimits, AbsurdSizesAreWrongAndQuick) {
  const std::vector<std::string> absurd = {
      "10^{10^{10}}",
      "9^{9^{9^{9^9}}}",
      "99999999!",
      "(10^{10})!",
      "((3!)!)!!!!!",
      "100000000000000000000!",
      "\\binom{10^9}{5\\cdot10^8}",
      "2^{-10^{18}}",
      "e^{e^{e^{e^{10}}}}",
      "\\sqrt[1000000]{2}",
      "\\sqrt[0]{2}",
      "\\sqrt{" + Repeated("9", 3000) + "}",
      Repeated("9", 3900),
      "1e999999999999999999999999",
      "\\log_1 5",
      "\\ln 0",
      "0^{0}",
      "0^{-1}",
      "\\tan 90^\\circ",
      "x^{10^{30}}",
      "((x^{1000000})^{1000000})^{1000000}",
      "(x+y)^{999999999}",
      Repeated("(", 3000),
      Repeated("(", 1000) + "1" + Repeated(")", 1000),
      Repeated("-", 3000) + "1",
      Repeated("\\sqrt{", 500) + "2" + Repeated("}", 500),
      Repeated("2^", 1300) + "2",
      "5" + Repeated("!", 1000),
      Repeated("1/", 1400) + "1",
      Repeated("1+", 1900) + "1",
      Repeated("\\frac{1}{1+", 100) + "1" + Repeated("}", 100),
      "\\sqrt2+\\sqrt3+\\sqrt5+\\sqrt7+\\sqrt{11}+\\sqrt{13}+\\sqrt{17}+\\sqrt{19}+\\sqrt{23}",
      "(\\sqrt2+\\sqrt3+\\sqrt5+\\sqrt7)^{50}",
      "1010_{37}",
      "1010_{99999999999999999999}",
      Repeated("\\text{", 300) + "a" + Repeated("}", 300),
      Repeated("1,", 1000) + "1",
      "|" + Repeated("|", 500),
      "\\lfloor 10^{10^{5}} \\rfloor",
      "\\begin{pmatrix}" + Repeated("1&", 300) + "1\\end{pmatrix}",
      "\\sin(10^{10^{10}})",
      "x^{x^{x^{x^x}}}",
      "e^{-10^{9}}",
  };
  for (const std::string& answer : absurd) {
    for (const std::string gold : {"5", "x", "\\sqrt{2}", "\\{1,2\\}"}) {
      std::string verdict;
      const double seconds = Seconds(gold, answer, &verdict);
      EXPECT_EQ(verdict, "wrong") << gold << " " << answer.substr(0, 60);
      EXPECT_LT(seconds, kSoon) << gold << " " << answer.substr(0, 60);
      Seconds(answer, gold, &verdict);
      EXPECT_EQ(verdict, "wrong") << gold << " " << answer.substr(0, 60);
    }
    std::string verdict;
    // Almost itself: goes all the way to the proof.
    const double seconds = Seconds(answer, "0+" + answer, &verdict);
    EXPECT_LT(seconds, kSoon) << answer.substr(0, 60);
    EXPECT_LT(Seconds(answer, answer + "+10^{-3000}", &verdict), kSoon) << answer.substr(0, 60);
    EXPECT_EQ(verdict, "wrong") << answer.substr(0, 60);
  }
}

TEST(MathLimits, LargeProofsAreGivenUp) {
  std::string sum = "\\sqrt2";
  for (const int n : {3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37})
    sum += fmt::format("+\\sqrt{{{}}}", n);
  std::string verdict;
  EXPECT_LT(Seconds(fmt::format("({})^2", sum), fmt::format("({0})({0})", sum), &verdict), kSoon);
  EXPECT_LT(Seconds("(1+\\sqrt2)^{500}", "(1+\\sqrt2)^{499}(1+\\sqrt2)", &verdict), kSoon);
  EXPECT_LT(Seconds("\\cos\\frac{\\pi}{97}", "\\sin\\frac{95\\pi}{194}", &verdict), kSoon);
  EXPECT_LT(Seconds("(x+y+z)^{1000}", "(x+y+z)^{999}(x+y+z)", &verdict), kSoon);
  EXPECT_EQ(verdict, "correct");
}

TEST(MathLimits, LongCompletionsAreReadOnce) {
  constexpr int kTimes = 100'000;
  for (const char* part :
       {"\\boxed",  "\\boxed5", "\\boxed{", "\\boxed 5", "\\boxed{5}", "\\(",        "\\[",
        "$",        "$$",       "$5\n",     "{",         "}",          "answer is ", "answer",
        "<answer>", "**",       "#### ",    "1 ",        "1,",         "a b ",       "\\",
        "\\text{",  "(A) ",     "\n",       ". ",        " because"}) {
    const std::string text = Repeated(part, kTimes);
    const double start = CpuSeconds();
    EXPECT_EQ(VerdictOf(testing::MathReward().judge(testing::WithAnswer("7"), text)), "wrong")
        << part;
    EXPECT_LT(CpuSeconds() - start, kSoon) << part;
  }
}

// FLINT's own way out, taken from inside of C: an exception, and the next verdict is as ever.
TEST(MathLimits, FlintThrowsInsteadOfAborting) {
  EXPECT_EQ(VerdictOf(JudgeBoxed("2\\sqrt{2}", "\\sqrt{8}")), "correct");
  fmpz_t zero;
  fmpz_init(zero);
  EXPECT_THROW(fmpz_fdiv_q(zero, zero, zero), math::FlintFailure);
  EXPECT_TRUE(math::FlintFailed());
  EXPECT_EQ(VerdictOf(JudgeBoxed("2\\sqrt{2}", "\\sqrt{8}")), "correct");
  EXPECT_FALSE(math::FlintFailed());
  EXPECT_EQ(VerdictOf(JudgeBoxed("2\\sqrt{2}", "\\sqrt{7}")), "wrong");
}

TEST(MathLimits, ManyThreadsJudgeAlike) {
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 2; i < 60; ++i) {
        const Judgement judgement =
            JudgeBoxed(fmt::format("{}\\sqrt{{2}}", i), fmt::format("\\sqrt{{{}}}", 2 * i * i));
        if (judgement.verdict != VerdictKind::kCorrect) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace restem
