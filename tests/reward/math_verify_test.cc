// scripts/rewards/math_verify_worker.py as reward `command`: over the library where it is
// installed, and its protocol over a stand-in anywhere.
#include <gtest/gtest.h>

#include <cstdlib>

#include "reward/json_fields.h"
#include "support/paths.h"

namespace restem {
namespace {

using testing::MakeProblem;

class MathVerifyWorker : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto python = testing::Python();
    if (!python) GTEST_SKIP() << "no Python: neither RESTEM_PYTHON nor .venv";
    python_ = *python;
  }
  void TearDown() override { ::unsetenv("PYTHONPATH"); }

  void start() {
    verifier_ = testing::Reward(
        {{"type", "command"},
         {"argv",
          {python_, RESTEM_SOURCE_DIR "/scripts/rewards/math_verify_worker.py", "--seconds", "1"}},
         {"timeout_seconds", 60}});
  }
  void use_stand_in() {
    ::setenv("PYTHONPATH", RESTEM_SOURCE_DIR "/tests/reward/workers/math_verify_stub", 1);
    start();
  }
  // "verdict extracted: reason"
  std::string judge(const std::string& text, const nlohmann::json& fields) {
    const Judgement judgement = verifier_->judge(MakeProblem(fields), text);
    return testing::VerdictOf(judgement) + " " + judgement.extracted +
           (judgement.reason.empty() ? "" : ": " + judgement.reason);
  }

  std::string python_;
  std::unique_ptr<Verifier> verifier_;
};

TEST_F(MathVerifyWorker, Protocol) {
  use_stand_in();
  EXPECT_EQ(judge("so $4$", {{"answer", 4}}), "correct 4");
  EXPECT_EQ(judge("so $4$", {{"answer", "$4$"}}), "correct 4");
  EXPECT_EQ(judge("so $5$", {{"answer", 4}}), "wrong 5: is not 4");
  EXPECT_EQ(judge("so 5", {{"answer", 4}}), "wrong : no answer was found");
  EXPECT_EQ(judge("so $4$", {{"other", 4}}), "error : the problem has no answer");
  EXPECT_EQ(judge("noise $4$", {{"answer", 4}}), "correct 4");
}

TEST_F(MathVerifyWorker, WhatFailsIsAnErrorAndTheNextOneIsJudged) {
  use_stand_in();
  EXPECT_EQ(judge("raise", {{"answer", 4}}), "error : ValueError: cannot");
  EXPECT_EQ(judge("so $slow$", {{"answer", 4}}), "error : took longer than 1.0 s");
  EXPECT_EQ(judge("so $4$", {{"answer", 4}}), "correct 4");
}

TEST_F(MathVerifyWorker, TheLibrary) {
  if (std::system((python_ + " -c 'import math_verify' 2>/dev/null").c_str()) != 0)
    GTEST_SKIP() << python_ << " has no math_verify: pip install 'math-verify[antlr4_13_2]==0.9.0'";
  start();
  EXPECT_EQ(judge("so $\\frac{1}{2}$", {{"answer", "0.5"}}), "correct \\frac{1}{2}");
  EXPECT_EQ(judge("so \\boxed{x^2+2x+1}", {{"answer", "(x+1)^2"}}), "correct x^2+2x+1");
  EXPECT_EQ(judge("so \\boxed{3}", {{"answer", 4}}), "wrong 3: is not 4");
  EXPECT_EQ(judge("so \\boxed{9^{9^{9^{9}}}}", {{"answer", 7}}), "error : took longer than 1.0 s");
  EXPECT_EQ(judge("so \\boxed{\\{1,2\\}}", {{"answer", "\\{2,1\\}"}}), "correct \\{1,2\\}");
}

}  // namespace
}  // namespace restem
