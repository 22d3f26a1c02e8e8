// restem score --rescore: a mended reward judges the recorded samples again.
#include <gmock/gmock.h>

#include <filesystem>
#include <random>
#include <set>

#include "app/records.h"
#include "app/run_files.h"

namespace restem::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;

// Accepts a completion where `accepts` holds; fails on some where there is a file `trouble` beside
// it, and takes its time where there is one `slow`.
std::string Judge(const std::string& accepts) {
  return R"(import json, os, sys, time
folder = os.path.dirname(os.path.abspath(__file__))
for line in sys.stdin:
    asked = json.loads(line)
    text, answer = asked['text'].strip(), str(asked['answer'])
    if os.path.exists(folder + '/slow'):
        time.sleep(0.02)
    verdict = 'correct' if )" +
         accepts + R"( else 'wrong'
    if os.path.exists(folder + '/trouble') and len(text) != 1:
        verdict = 'error'
    print(json.dumps({'id': asked['id'], 'verdict': verdict, 'extracted': text}), flush=True)
)";
}

class RescoredRun : public ::testing::Test {
 protected:
  void SetUp() override {
    dir_ = TestDir();
    job_ = WriteTinyJob(dir_);
    WriteText(judge_(), Judge("answer in text"));
  }
  void mend() const { WriteText(judge_(), Judge("answer == text")); }

  std::vector<std::string> command(const std::string& name,
                                   const std::vector<std::string>& flags = {},
                                   const std::string& run = "run") const {
    std::vector<std::string> words = {name, job_, "--run-dir", run_dir(run)};
    for (const std::string& set : {std::string("reward.type=command"),
                                   "reward.argv=[python3, " + judge_() + "]",
                                   std::string("sampler.temperature=1.5"),
                                   std::string("train.epochs=2"),
                                   std::string("control=none")})
      words.insert(words.end(), {"--set", set});
    words.insert(words.end(), flags.begin(), flags.end());
    return words;
  }
  std::vector<std::string> rescore(const std::vector<std::string>& flags = {}) const {
    std::vector<std::string> all = {"--iteration", "1", "--rescore"};
    all.insert(all.end(), flags.begin(), flags.end());
    return command("score", all);
  }
  Outcome expect(int exit_code, const std::vector<std::string>& words) const {
    Outcome outcome = Restem(words);
    EXPECT_EQ(outcome.exit_code, exit_code) << outcome.err;
    return outcome;
  }
  void sample_and_score() const {
    expect(0, command("sample", {"--iteration", "1"}));
    expect(0, command("score", {"--iteration", "1"}));
  }
  // What the mended reward says, from a run that never had another.
  std::string mended_verdicts() const {
    expect(0, command("sample", {"--iteration", "1"}, "mended"));
    expect(0, command("score", {"--iteration", "1"}, "mended"));
    return ReadText(run_dir("mended") + "/iterations/01/verdicts.jsonl");
  }

  std::string judge_() const { return dir_ + "/judge.py"; }
  std::string run_dir(const std::string& run = "run") const { return dir_ + "/" + run; }
  std::string in(const std::string& name) const { return run_dir() + "/iterations/01/" + name; }
  json state() const { return json::parse(ReadText(run_dir() + "/state.json")); }

  std::string dir_;
  std::string job_;
};

TEST_F(RescoredRun, RedoneItIsTheRunOfTheMendedReward) {
  expect(0, command("run"));
  const std::string old_verdicts = ReadText(in("verdicts.jsonl"));
  const auto old_files = FinishedFiles(run_dir());
  mend();
  expect(0, command("run", {}, "mended"));
  const std::string verdicts = ReadText(run_dir("mended") + "/iterations/01/verdicts.jsonl");
  ASSERT_NE(verdicts, old_verdicts) << "the two rewards say the same: nothing is tested";
  EXPECT_THAT(expect(2, command("run")).err,
              AllOf(HasSubstr("judge.py: the content changed"), HasSubstr("--rescore")));

  const Outcome rescored = expect(0, rescore());
  EXPECT_EQ(ReadText(in("verdicts.jsonl")), verdicts);
  EXPECT_EQ(ReadText(in("verdicts.before-rescore.jsonl")), old_verdicts);
  const std::vector<json> said = ParseLines(rescored.out);
  ASSERT_GE(said.size(), 2U);
  EXPECT_EQ(said[0]["old"], "correct");
  EXPECT_EQ(said[0]["new"], "wrong");
  const json& summary = said.back();
  EXPECT_EQ(summary["old"]["correct"].get<int>() - summary["new"]["correct"].get<int>(),
            summary["changed"].get<int>());
  EXPECT_EQ(summary["changes"]["correct->wrong"], summary["changed"]);
  EXPECT_THAT(summary["from_old_verdicts"], Contains("01/train"));
  EXPECT_THAT(rescored.err,
              AllOf(HasSubstr("01/select"), HasSubstr("--redo"), HasSubstr("00/eval")));
  EXPECT_THAT(state()["from_old_verdicts"], Contains("02/sample"));
  EXPECT_EQ(ReadText(in("dataset.jsonl")), old_files.at("iterations/01/dataset.jsonl"));
  EXPECT_THAT(expect(0, command("run")).err,
              HasSubstr("made from verdicts that were judged again"));

  expect(0, rescore({"--redo"}));
  EXPECT_FALSE(fs::exists(in("checkpoint")));
  EXPECT_FALSE(state().contains("from_old_verdicts"));
  const auto kept = FinishedFiles(run_dir() + "/before-rescore-2");
  for (const char* path : {"iterations/01/dataset.jsonl", "iterations/02/verdicts.jsonl"})
    EXPECT_EQ(kept.at(path), old_files.at(path));
  expect(0, command("run"));
  for (const char* iteration : {"iterations/01", "iterations/02"}) {
    EXPECT_EQ(Difference(FinishedFiles(run_dir("mended"), iteration),
                         FinishedFiles(run_dir(), iteration)),
              "");
  }
  // Each event once, as if the old reward had never been.
  const auto events = [&](const std::string& run) {
    std::multiset<std::string> names;
    for (const json& event : ParseLines(ReadText(run_dir(run) + "/metrics.jsonl")))
      names.insert(event["event"].get<std::string>() + " " + event["iteration"].dump() + " " +
                   event.value("set", ""));
    return names;
  };
  EXPECT_EQ(events("run"), events("mended"));
}

TEST_F(RescoredRun, OtherChangesAreRefused) {
  sample_and_score();
  const auto before = FinishedFiles(run_dir());
  mend();
  EXPECT_THAT(expect(2, rescore({"--set", "sampler.temperature=0.5"})).err,
              HasSubstr("sampler.temperature: 1.5 -> 0.5"));
  WriteText(dir_ + "/train.jsonl", ParityProblems(10, 11));
  EXPECT_THAT(expect(2, rescore()).err, HasSubstr("train.jsonl: the content changed"));
  EXPECT_EQ(Difference(before, FinishedFiles(run_dir())), "");
  EXPECT_THAT(expect(2, command("score", {"--iteration", "2", "--rescore"}, "none")).err,
              HasSubstr("there is no run"));
  EXPECT_THAT(expect(2, command("score", {"--iteration", "1", "--redo"})).err,
              HasSubstr("--redo goes with --rescore"));
}

TEST_F(RescoredRun, NeedsSamples) {
  expect(0, command("evaluate", {"--iteration", "0"}));
  EXPECT_THAT(expect(2, rescore()).err, HasSubstr("`sample` of iteration 1 is not complete"));
}

TEST_F(RescoredRun, ARewardOfAnotherTypeBecomesTheRunsOwn) {
  sample_and_score();
  std::vector<std::string> numeric = {"score",
                                      job_,
                                      "--run-dir",
                                      run_dir(),
                                      "--iteration",
                                      "1",
                                      "--rescore",
                                      "--set",
                                      "sampler.temperature=1.5",
                                      "--set",
                                      "train.epochs=2",
                                      "--set",
                                      "control=none"};
  expect(0, numeric);
  EXPECT_THAT(ReadText(run_dir() + "/job.yaml"), HasSubstr("type: numeric"));
  std::erase(numeric, "--rescore");
  numeric[0] = "select";
  expect(0, numeric);
  expect(2, command("select", {"--iteration", "1"}));
}

TEST_F(RescoredRun, AScoreThatFailedIsMended) {
  expect(0, command("sample", {"--iteration", "1"}));
  WriteText(dir_ + "/trouble", "");
  fs::remove(in("verdicts.journal-0.jsonl"));  // those that were judged while sampling
  EXPECT_THAT(expect(1, command("score", {"--iteration", "1"})).err, HasSubstr("could not judge"));
  // So does a reward that is no better; the run is as it was.
  const json before = state();
  EXPECT_THAT(expect(1, rescore()).err, HasSubstr("could not judge"));
  EXPECT_EQ(state(), before);
  fs::remove(dir_ + "/trouble");
  mend();
  const Outcome outcome = expect(0, rescore());
  EXPECT_TRUE(ParseLines(outcome.out).back()["old"].is_null());
  EXPECT_EQ(ReadText(in("verdicts.jsonl")), mended_verdicts());
  expect(0, command("select", {"--iteration", "1"}));
}

TEST_F(RescoredRun, KilledAnywhere) {
  sample_and_score();
  const std::string old_verdicts = ReadText(in("verdicts.jsonl"));
  mend();
  const std::string verdicts = mended_verdicts();
  WriteText(dir_ + "/slow", "");
  std::mt19937_64 random(5);
  double seconds = 1.0;
  KillUntilDone(rescore(), 8, seconds, [&] {
    return std::uniform_real_distribution<double>(0.3, 1.0)(random);
  });
  EXPECT_EQ(ReadText(in("verdicts.jsonl")), verdicts);
  EXPECT_EQ(ReadText(in("verdicts.before-rescore.jsonl")), old_verdicts);
  EXPECT_FALSE(fs::exists(in("rescore.json")));
  EXPECT_EQ(Leftovers(run_dir()), std::set<std::string>{});
}

// As a kill leaves it between the steps that put the new verdicts in place.
TEST_F(RescoredRun, HalfPutInPlaceItIsFinishedFirst) {
  expect(0, command("run"));
  const auto old_files = FinishedFiles(run_dir());
  fs::copy(run_dir(), run_dir("before"), fs::copy_options::recursive);
  mend();
  WriteText(dir_ + "/trouble", "");
  expect(1, rescore());  // leaves its marker, with the job's hash
  fs::remove(dir_ + "/trouble");
  json marker = json::parse(ReadText(in("rescore.json")));
  const std::string verdicts = mended_verdicts();
  marker["phase"] = "installing";
  marker["redo"] = true;
  for (const bool in_place : {false, true}) {
    fs::remove_all(run_dir());
    fs::copy(run_dir("before"), run_dir(), fs::copy_options::recursive);
    WriteText(in("rescore.json"), marker.dump());
    if (in_place) {
      fs::rename(in("verdicts.jsonl"), in("verdicts.before-rescore.jsonl"));
      WriteText(in("verdicts.jsonl"), verdicts);
      fs::create_directories(run_dir() + "/before-rescore/iterations/01");
      fs::rename(in("dataset.jsonl"), run_dir() + "/before-rescore/iterations/01/dataset.jsonl");
    } else {
      WriteText(in("verdicts.rescore.jsonl"), verdicts);
    }
    EXPECT_THAT(expect(2, command("run")).err, HasSubstr("finish it with the same"));
    expect(0, rescore());
    EXPECT_EQ(ReadText(in("verdicts.jsonl")), verdicts);
    EXPECT_EQ(ReadText(in("verdicts.before-rescore.jsonl")),
              old_files.at("iterations/01/verdicts.jsonl"));
    EXPECT_FALSE(fs::exists(in("rescore.json")));
    EXPECT_FALSE(fs::exists(run_dir() + "/iterations/02"));
    EXPECT_EQ(FinishedFiles(run_dir() + "/before-rescore").at("iterations/01/dataset.jsonl"),
              old_files.at("iterations/01/dataset.jsonl"));
    expect(0, command("select", {"--iteration", "1"}));
  }
}

}  // namespace
}  // namespace restem::testing
