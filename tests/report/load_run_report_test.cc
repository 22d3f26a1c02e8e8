#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "report/analysis.h"
#include "report/problem_view.h"
#include "report/run_report.h"
#include "report/synthetic_run.h"
#include "support/paths.h"

namespace restem {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(LoadRunReport, ReadsEverything) {
  const std::string dir = testing::TestDir() + "/run";
  testing::WriteSyntheticRun(dir, {.iterations = 2, .problems = 40});
  const auto report = LoadRunReport(dir + "/");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->name, "word-problems");
  EXPECT_EQ(report->base_model, "models/tiny");
  EXPECT_EQ(report->seed, 17);
  EXPECT_EQ(report->planned_iterations, 2);
  EXPECT_TRUE(report->done());
  EXPECT_THAT(report->sets, ElementsAre("svamp", "mawps"));  // the job's order, not the alphabet's
  EXPECT_THAT(report->notes, IsEmpty());
  ASSERT_EQ(report->iterations.size(), 3U);
  const IterationReport& first = report->iterations[1];
  EXPECT_EQ(first.iteration, 1);
  EXPECT_EQ(first.sampling->samples, 25'600);
  EXPECT_EQ(first.scoring->total(), 25'600);
  EXPECT_EQ(first.selection->zero_correct, 167);
  EXPECT_EQ(first.training.losses.size(), 300U);
  EXPECT_EQ(first.control_training.validations.size(), 6U);
  EXPECT_EQ(first.training.totals->best_step, 250);
  EXPECT_DOUBLE_EQ(first.evaluate_seconds.at("mawps"), 7.9);
  EXPECT_TRUE(first.control_eval.has_value());
  EXPECT_FALSE(report->iterations[0].sampling.has_value());
}

TEST(LoadRunReport, CancelledSamplesAndSkippedProblemsAreNoted) {
  const std::string dir = testing::TestDir() + "/run";
  std::filesystem::create_directories(dir + "/iterations");
  std::ofstream(dir + "/metrics.jsonl")
      << R"({"time":1,"event":"skip","iteration":0,"set":"train","problems":9,"skipped":2})" << '\n'
      << R"({"time":2,"event":"sample","iteration":1,"samples":30,"cancelled":70})" << '\n';
  const auto report = LoadRunReport(dir);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->iterations.size(), 1U) << "the base has nothing to show";
  EXPECT_EQ(report->find(1)->sampling->cancelled, 70);
  EXPECT_THAT(report->notes,
              ElementsAre(HasSubstr("train: 2 problems were skipped"),
                          HasSubstr("cancelled 70 of 100 training samples")));
}

TEST(LoadRunReport, ExamplesAreProblemsGainedAndLost) {
  const std::string dir = testing::TestDir() + "/run";
  testing::WriteSyntheticRun(dir, {.iterations = 2, .problems = 60, .second_set = false});
  const auto lookup = [](std::string_view set, std::string_view id) -> std::optional<ProblemText> {
    if (set != "svamp") return std::nullopt;
    return ProblemText{"question of " + std::string(id), "7"};
  };
  const auto report = LoadRunReport(dir, lookup);
  ASSERT_TRUE(report.ok()) << report.status();
  const auto analysis = Analyze(*report);
  const SetComparison& comparison = analysis.iterations.at(*analysis.best).versus_base.at("svamp");
  ASSERT_FALSE(report->examples.empty());
  for (const Example& example : report->examples) {
    const auto& ids = example.gained ? comparison.gained : comparison.lost;
    EXPECT_THAT(ids, ::testing::Contains(example.problem));
    EXPECT_EQ(example.before.verdict, example.gained ? "wrong" : "correct");
    EXPECT_EQ(example.after.verdict, example.gained ? "correct" : "wrong");
    EXPECT_THAT(example.after.text, HasSubstr("The answer is " + example.after.extracted));
    EXPECT_EQ(example.question, "question of " + example.problem);
  }
}

TEST(LoadRunReport, MissingAndBrokenPartsBecomeNotes) {
  const std::string dir = testing::TestDir() + "/run";
  testing::WriteSyntheticRun(dir, {.iterations = 2, .problems = 20, .second_set = false});
  std::filesystem::remove(dir + "/state.json");
  std::ofstream(dir + "/job.yaml") << "name: [";
  std::ofstream(dir + "/iterations/01/eval.json") << "{\"sets\": {\"svamp\": {}}}";
  std::ofstream(dir + "/metrics.jsonl", std::ios::app) << "[1]\n{\"event\": \"sample\", \"itera";
  const auto report = LoadRunReport(dir);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->name, "run");
  EXPECT_THAT(report->notes,
              ElementsAre(HasSubstr("job.yaml"),
                          HasSubstr("metrics.jsonl: 2 unreadable lines"),
                          HasSubstr("01/eval.json: sets.svamp lacks \"problems\"")));
  EXPECT_EQ(BestIteration(*report), 2);
  EXPECT_THAT(LoadRunReport(testing::TestDir()).status().ToString(),
              HasSubstr("is not a run directory"));
}

TEST(AddMetrics, LaterEventsReplaceEarlierOnes) {
  RunReport report;
  AddMetrics(R"({"time": 10, "event": "train_step", "iteration": 1, "step": 2, "loss": 5.0}
{"time": 11, "event": "train_step", "iteration": 1, "step": 1, "loss": 6.0}
{"time": 12, "event": "train_step", "iteration": 1, "step": 2, "loss": 4.0}
{"time": 13, "event": "sample", "iteration": 2, "samples": 1}
{"time": 14, "event": "sample", "iteration": 2, "samples": 8}
{"time": 15, "event": "something newer", "iteration": 2, "x": "y"}
)",
             report);
  EXPECT_THAT(report.notes, IsEmpty());
  EXPECT_DOUBLE_EQ(report.started, 10);
  EXPECT_DOUBLE_EQ(report.last_event, 15);
  ASSERT_EQ(report.find(1)->training.losses.size(), 2U);
  EXPECT_DOUBLE_EQ(report.find(1)->training.losses[0].loss, 6.0);
  EXPECT_DOUBLE_EQ(report.find(1)->training.losses[1].loss, 4.0);
  EXPECT_EQ(report.find(2)->sampling->samples, 8);
  AddMetrics(
      R"({"time": 16, "event": "validate", "iteration": 1, "step": 1, "arm": "rest_em", "logprob": -0.5}
{"time": 17, "event": "evaluate", "iteration": 1, "arm": "rest_em", "set": "s", "seconds": 3.5}
{"time": 18, "event": "evaluate", "iteration": 1, "arm": "control", "set": "s", "seconds": 9}
)",
      report);
  EXPECT_FALSE(report.find(1)->training.validated_by_reward);
  EXPECT_DOUBLE_EQ(report.find(1)->training.validations[0].score, -0.5);
  EXPECT_DOUBLE_EQ(report.find(1)->evaluate_seconds.at("s"), 3.5);
}

TEST(RenderProblem, ShowsWhatWasDrawn) {
  const std::string dir = testing::TestDir() + "/run";
  testing::WriteSyntheticRun(dir, {.iterations = 1, .problems = 20, .second_set = false});
  std::ofstream(dir + "/iterations/01/samples.jsonl")
      << R"({"problem":"t \"1\"","sample":0,"tokens":[1],"text":"3 + 4\nis 7","finish_reason":"length"})"
      << '\n';
  std::ofstream(dir + "/iterations/01/verdicts.jsonl")
      << R"({"problem":"t \"1\"","sample":0,"verdict":"wrong","extracted":"7","reason":"expected 8"})"
      << '\n';
  const auto training = RenderProblem(dir, "t \"1\"");
  ASSERT_TRUE(training.ok()) << training.status();
  EXPECT_EQ(*training,
            "iteration 01, training\n"
            "  [0] wrong, answer 7: expected 8 (cut at max_new_tokens)\n"
            "      3 + 4\n      is 7\n");
  const auto test = RenderProblem(dir, "svamp:3");
  ASSERT_TRUE(test.ok()) << test.status();
  for (const char* part :
       {"iteration 00, test set svamp", "iteration 01, control, test set svamp", "[greedy]"}) {
    EXPECT_THAT(*test, HasSubstr(part));
  }
  EXPECT_THAT(RenderProblem(dir, "svamp:999").status().ToString(),
              HasSubstr("has a problem svamp:999"));
  EXPECT_THAT(RenderProblem(dir + "x", "a").status().ToString(), HasSubstr("not a run directory"));
}

}  // namespace
}  // namespace restem
