#include "reward/pool.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <map>
#include <set>
#include <stdexcept>

#include "base/parallel.h"
#include "reward/error_rate.h"
#include "reward/json_fields.h"

namespace restem {
namespace {

using testing::WithAnswer;

class FunctionVerifier : public Verifier {
 public:
  using Function = std::function<Judgement(const Problem&, std::string_view)>;
  explicit FunctionVerifier(Function function) : function_(std::move(function)) {}
  Judgement judge(const Problem& problem, std::string_view completion) const override {
    return function_(problem, completion);
  }

 private:
  const Function function_;
};

const Judgement kCorrect{VerdictKind::kCorrect, "x", ""};
const Judgement kWrong{VerdictKind::kWrong, "x", "no"};
const Judgement kError{VerdictKind::kError, "", "broken"};

void Pause(int milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

TEST(ScoringPool, JudgesEverySampleOnceFromManySubmitters) {
  constexpr int64_t kSubmitters = 4, kEach = 2000;
  const auto reward = testing::Reward({{"type", "numeric"}});
  std::vector<Problem> problems;
  for (int i = 0; i < 50; ++i) {
    problems.push_back(testing::MakeProblem({{"answer", i}}, fmt::format("p{}", i)));
  }
  std::set<std::pair<std::string, int64_t>> seen;  // no lock: calls of the sink never overlap
  std::atomic<int> inside = 0;
  ScoringPool pool(*reward, {.jobs = 4, .queue_capacity = 8}, [&](Verdict&& v, double seconds) {
    EXPECT_EQ(++inside, 1);
    EXPECT_GE(seconds, 0.0);
    EXPECT_TRUE(seen.insert({v.problem, v.sample}).second) << v.problem << " " << v.sample;
    EXPECT_EQ(v.verdict == VerdictKind::kCorrect, v.sample % 3 == 0);
    --inside;
    return absl::OkStatus();
  });
  RunLanes(kSubmitters, [&](size_t lane) {
    for (int64_t i = 0; i < kEach; ++i) {
      const int64_t answer = i % 50;
      const int64_t index = static_cast<int64_t>(lane) * kEach + i;
      const std::string text = fmt::format("#### {}", index % 3 == 0 ? answer : answer + 1);
      ASSERT_TRUE(pool.submit(problems[static_cast<size_t>(answer)], index, text).ok());
    }
  });
  ASSERT_TRUE(pool.close().ok());
  EXPECT_EQ(seen.size(), kSubmitters * kEach);
  EXPECT_EQ(pool.counts().total(), kSubmitters * kEach);
  EXPECT_EQ(pool.counts().correct, (kSubmitters * kEach + 2) / 3);
  EXPECT_EQ(pool.counts().error, 0);
}

TEST(ScoringPool, TakesWholeSamples) {
  const auto reward = testing::Reward({{"type", "numeric"}});
  const Problem problem = WithAnswer(18);
  std::vector<Verdict> verdicts;
  ScoringPool pool(*reward, {}, [&](Verdict&& v, double) {
    verdicts.push_back(v);
    return absl::OkStatus();
  });
  Sample sample;
  sample.problem = "p";
  sample.sample = 3;
  sample.text = "It is 17";
  ASSERT_TRUE(pool.submit(problem, sample).ok());
  ASSERT_TRUE(pool.close().ok());
  ASSERT_EQ(verdicts.size(), 1u);
  EXPECT_EQ(verdicts[0].problem, "p");
  EXPECT_EQ(verdicts[0].sample, 3);
  EXPECT_EQ(verdicts[0].verdict, VerdictKind::kWrong);
  EXPECT_EQ(verdicts[0].extracted, "17");
  EXPECT_EQ(verdicts[0].reason, "17 is not 18");
}

TEST(ScoringPool, SubmittingIsQuickUntilTheQueueIsFull) {
  std::atomic<bool> go = false;
  std::atomic<int> submitted = 0;
  const FunctionVerifier verifier([&](const Problem&, std::string_view) {
    while (!go) Pause(1);
    return kCorrect;
  });
  const Problem problem = WithAnswer(1);
  ScoringPool pool(verifier, {.jobs = 1, .queue_capacity = 3}, [](Verdict&&, double) {
    return absl::OkStatus();
  });
  std::thread submitter([&] {
    for (int i = 0; i < 10; ++i) {
      EXPECT_TRUE(pool.submit(problem, i, "x").ok());
      ++submitted;
    }
  });
  for (int i = 0; i < 1000 && submitted < 4; ++i) Pause(1);
  Pause(30);
  EXPECT_EQ(submitted, 4);  // one being judged, three waiting
  go = true;
  submitter.join();
  EXPECT_TRUE(pool.close().ok());
  EXPECT_EQ(pool.counts().correct, 10);
}

TEST(ScoringPool, JudgesInParallel) {
  constexpr int kJobs = 4;
  std::atomic<int> inside = 0;
  std::atomic<bool> all_at_once = false;
  const FunctionVerifier verifier([&](const Problem&, std::string_view) {
    if (++inside == kJobs) all_at_once = true;
    for (int i = 0; i < 10000 && !all_at_once; ++i) Pause(1);
    --inside;
    return kWrong;
  });
  const Problem problem = WithAnswer(1);
  ScoringPool pool(verifier, {.jobs = kJobs}, [](Verdict&&, double) { return absl::OkStatus(); });
  for (int i = 0; i < kJobs; ++i) ASSERT_TRUE(pool.submit(problem, i, "x").ok());
  ASSERT_TRUE(pool.close().ok());
  EXPECT_TRUE(all_at_once);
}

TEST(ScoringPool, AnErrorIsTriedAgainAWrongIsNot) {
  std::atomic<int> calls = 0;
  const Problem problem = WithAnswer(1);
  const auto run = [&](const FunctionVerifier& verifier, int tries) {
    calls = 0;
    ScoringPool pool(
        verifier, {.jobs = 1, .tries = tries}, [](Verdict&&, double) { return absl::OkStatus(); });
    EXPECT_TRUE(pool.submit(problem, 7, "x").ok());
    EXPECT_TRUE(pool.close().ok());
    return pool.counts();
  };
  const FunctionVerifier heals(
      [&](const Problem&, std::string_view) { return ++calls < 3 ? kError : kCorrect; });
  EXPECT_EQ(run(heals, 3).correct, 1);
  EXPECT_EQ(run(heals, 2).error, 1);
  const FunctionVerifier wrong([&](const Problem&, std::string_view) { return ++calls, kWrong; });
  EXPECT_EQ(run(wrong, 3).wrong, 1);
  EXPECT_EQ(calls, 1);
  const FunctionVerifier broken([&](const Problem&, std::string_view) { return ++calls, kError; });
  EXPECT_THAT(run(broken, 3).first_errors, ::testing::ElementsAre("problem 'p' sample 7: broken"));
  EXPECT_EQ(calls, 3);
}

TEST(ScoringPool, AnExceptionIsAnError) {
  const FunctionVerifier verifier([](const Problem&, std::string_view text) -> Judgement {
    if (text == "std") throw std::runtime_error("lost the plot");
    if (text == "int") throw 7;
    return kCorrect;
  });
  const Problem problem = WithAnswer(1);
  ScoringPool pool(verifier, {}, [](Verdict&&, double) { return absl::OkStatus(); });
  for (const char* text : {"std", "int", "fine"}) ASSERT_TRUE(pool.submit(problem, 0, text).ok());
  ASSERT_TRUE(pool.close().ok());
  EXPECT_EQ(pool.counts().error, 2);
  EXPECT_EQ(pool.counts().correct, 1);
  EXPECT_THAT(pool.counts().first_errors[0], ::testing::HasSubstr("threw: lost the plot"));
}

TEST(ScoringPool, ASinkErrorStopsItAndNobodyWaitsForEver) {
  const FunctionVerifier verifier([](const Problem&, std::string_view) { return kCorrect; });
  const Problem problem = WithAnswer(1);
  int sunk = 0;
  ScoringPool pool(verifier, {.jobs = 2, .queue_capacity = 2}, [&](Verdict&&, double) {
    return ++sunk == 5 ? Failed("disk full") : absl::OkStatus();
  });
  absl::Status status;
  int submitted = 0;
  while (status.ok() && submitted < 100000) {
    status = pool.submit(problem, submitted++, "x");
  }
  EXPECT_EQ(MessageOf(status), "disk full");
  EXPECT_EQ(MessageOf(pool.close()), "disk full");
  EXPECT_EQ(MessageOf(pool.close()), "disk full");
  EXPECT_EQ(sunk, 5);
}

TEST(ScoringPool, ASinkExceptionStopsIt) {
  const FunctionVerifier verifier([](const Problem&, std::string_view) { return kCorrect; });
  const Problem problem = WithAnswer(1);
  ScoringPool pool(verifier, {}, [&](Verdict&&, double) -> absl::Status {
    throw std::runtime_error("no memory");
  });
  pool.submit(problem, 0, "x").IgnoreError();
  EXPECT_EQ(MessageOf(pool.close()), "while recording a verdict: no memory");
}

// Verdicts become JSON, which throws on anything but UTF-8.
TEST(ScoringPool, VerdictsAreUtf8) {
  const FunctionVerifier verifier([](const Problem&, std::string_view text) {
    return Judgement{VerdictKind::kWrong, std::string(text), std::string("\xc3 no")};
  });
  const Problem problem = WithAnswer(1);
  std::string extracted, reason;
  ScoringPool pool(verifier, {}, [&](Verdict&& v, double) {
    extracted = v.extracted;
    reason = v.reason;
    return absl::OkStatus();
  });
  ASSERT_TRUE(pool.submit(problem, 0, std::string("é\xff\xe7\x8c 猫\xed\xa0\x80")).ok());
  ASSERT_TRUE(pool.close().ok());
  EXPECT_EQ(reason, "\ufffd no");
  EXPECT_EQ(extracted, "é\ufffd\ufffd 猫\ufffd\ufffd\ufffd");
}

TEST(ScoringPool, RefusesSamplesOnceClosed) {
  const FunctionVerifier verifier([](const Problem&, std::string_view) { return kCorrect; });
  const Problem problem = WithAnswer(1);
  ScoringPool pool(verifier, {}, [](Verdict&&, double) { return absl::OkStatus(); });
  ASSERT_TRUE(pool.close().ok());
  EXPECT_EQ(MessageOf(pool.submit(problem, 0, "x")), "the scoring pool is closed");
}

// ---- The limit on errors ----
ScoreCounts Counts(int64_t correct, int64_t wrong, int64_t error) {
  ScoreCounts counts;
  const auto add = [&](VerdictKind kind, int64_t times) {
    for (int64_t i = 0; i < times; ++i) counts.add({"p", i, kind, "", "no network"});
  };
  add(VerdictKind::kCorrect, correct);
  add(VerdictKind::kWrong, wrong);
  add(VerdictKind::kError, error);
  return counts;
}

TEST(ErrorRate, StopsAboveTheLimitOnly) {
  EXPECT_TRUE(CheckErrorRate({}, 0.0).ok());
  EXPECT_TRUE(CheckErrorRate(Counts(10, 85, 5), 0.05).ok());
  EXPECT_FALSE(CheckErrorRate(Counts(10, 84, 6), 0.05).ok());
  EXPECT_TRUE(CheckErrorRate(Counts(0, 0, 3), 1.0).ok());
  EXPECT_FALSE(CheckErrorRate(Counts(100, 100, 1), 0.0).ok());
}

TEST(ErrorRate, NamesCountsAndFirstReasons) {
  const absl::Status status = CheckErrorRate(Counts(1, 1, 2), 0.05);
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);  // exit code 1
  EXPECT_EQ(
      MessageOf(status),
      "the reward could not judge 2 of 4 samples (50.0%, more than reward.max_error_rate 0.05); "
      "first: problem 'p' sample 0: no network; problem 'p' sample 1: no network");
  EXPECT_EQ(Counts(0, 0, 100).first_errors.size(), 5u);
}

}  // namespace
}  // namespace restem
