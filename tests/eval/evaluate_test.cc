#include "eval/evaluate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/records.h"

namespace restem {
namespace {

using ::testing::HasSubstr;

// Completes with the parity of the sample index, and says what it was asked for. Samples come out
// last first, as a real engine may.
class ParityEngine : public SamplingEngine {
 public:
  absl::StatusOr<GenerationStats> generate(std::span<const SampleRequest> requests,
                                           const SamplingParams& params,
                                           const Sink& sink) override {
    GenerationStats stats;
    for (const SampleRequest& request : requests) {
      for (auto it = request.samples.rbegin(); it != request.samples.rend(); ++it) {
        Sample sample;
        sample.problem = request.problem;
        sample.sample = *it;
        sample.tokens = {1, 2};
        sample.text = *it % 2 == 0 ? "even" : "odd";
        if (params.temperature == 0.0) sample.text = "greedy";
        RESTEM_RETURN_IF_ERROR(sink(std::move(sample)));
        ++stats.samples;
      }
    }
    drawn += stats.samples;
    return stats;
  }
  int64_t drawn = 0;
};

// A sample is correct where its text is the problem's answer.
Verdict Judge(const Problem& problem, const Sample& sample) {
  const bool correct = sample.text == problem.fields["answer"];
  return {.problem = problem.id,
          .sample = sample.sample,
          .verdict = correct ? VerdictKind::kCorrect : VerdictKind::kWrong,
          .extracted = sample.text,
          .reason = ""};
}

class Evaluate : public ::testing::Test {
 protected:
  Evaluate() {
    plan_.samples = 6;
    plan_.k = {1, 6};
    plan_.majority = 5;
    for (const Problem& problem : problems_) prompts_.push_back({&problem, {7, 8}});
  }
  absl::StatusOr<SetResult> evaluate(std::span<const RecordedSample> recorded) {
    return EvaluateSet(
        engine_, prompts_, plan_, recorded, Judge, [this](const Sample& s, const Verdict& v) {
          if (stop_after_ == static_cast<int64_t>(journal_.size())) return Stopped("enough");
          journal_.push_back({s.problem, MakeJudgedSample(s, v)});
          return absl::OkStatus();
        });
  }

  const std::vector<Problem> problems_ = {{"p1", {{"answer", "even"}}, ""},
                                          {"p2", {{"answer", "greedy"}}, ""}};
  std::vector<EvalProblem> prompts_;
  EvalPlan plan_;
  ParityEngine engine_;
  std::vector<RecordedSample> journal_;
  int64_t stop_after_ = -1;
};

TEST_F(Evaluate, GreedyAndDrawn) {
  const auto set = evaluate({});
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(engine_.drawn, 2 + 12);
  EXPECT_DOUBLE_EQ(*set->pass_at_1, 0.5);        // p2's greedy completion
  EXPECT_DOUBLE_EQ(set->pass_at_k.at(1), 0.25);  // half of p1's
  EXPECT_DOUBLE_EQ(set->maj_at_k.at(5), 0.0);    // samples 1 to 5 of p1: odd has three votes
  std::vector<int64_t> drawn;
  for (const auto& [problem, judged] : journal_) {
    if (problem == "p1" && judged.solution != "greedy") drawn.push_back(judged.sample);
  }
  EXPECT_THAT(drawn, ::testing::UnorderedElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_EQ(journal_.front().judged.sample, kGreedySample);
}

// The journal's reader takes what an evaluation hands to it.
TEST_F(Evaluate, SamplesCanBeWrittenAndReadBack) {
  int64_t records = 0;
  const auto set =
      EvaluateSet(engine_, prompts_, plan_, {}, Judge, [&](const Sample& s, const Verdict& v) {
        Sample whole = s;
        whole.logprobs.assign(s.tokens.size(), -1.0F);
        const auto sample = ParseSample(FormatSample(whole));
        const auto verdict = ParseVerdict(FormatVerdict(v));
        EXPECT_TRUE(sample.ok()) << sample.status();
        EXPECT_TRUE(verdict.ok()) << verdict.status();
        if (sample.ok() && verdict.ok()) {
          EXPECT_EQ(sample->sample, verdict->sample);
        }
        ++records;
        return absl::OkStatus();
      });
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(records, 14);
}

TEST_F(Evaluate, AnInterruptedOneGoesOnWhereItStopped) {
  const auto whole = evaluate({});
  ASSERT_TRUE(whole.ok());
  for (int64_t moment = 0; moment < 14; ++moment) {
    journal_.clear();
    stop_after_ = moment;
    EXPECT_FALSE(evaluate({}).ok());
    stop_after_ = -1;
    engine_.drawn = 0;
    const std::vector<RecordedSample> recorded = journal_;
    const auto continued = evaluate(recorded);
    ASSERT_TRUE(continued.ok()) << continued.status();
    EXPECT_EQ(engine_.drawn, 14 - moment);
    EXPECT_EQ(ToJson(EvalRecord{{{"s", *continued}}}), ToJson(EvalRecord{{{"s", *whole}}}));
  }
}

TEST_F(Evaluate, RefusesAJournalOfOtherProblems) {
  const RecordedSample foreign[] = {{"p9", {}}};
  EXPECT_THAT(evaluate(foreign).status().ToString(),
              HasSubstr("problem p9, which is not in the test set"));
}

}  // namespace
}  // namespace restem
