// Run directories as a kill at the worst instant leaves them.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/process.h"
#include "app/resume.h"
#include "app/run_files.h"

namespace restem::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// A kill between the last rename of a stage and the note in state.json that it is complete.
TEST_P(Resume, EndedBeforeItSaidThatAStageIsComplete) {
  const std::string in = "/iterations/01/";
  const std::map<std::string, std::vector<std::pair<std::string, std::string>>> leftovers = {
      {"sample", {{in + "samples.jsonl", in + "samples.journal-0.jsonl"}}},
      {"score", {{in + "verdicts.jsonl", in + "verdicts.journal-0.jsonl"}}},
      {"select", {}},
      {"train", {{in + "dataset.jsonl", in + "trainer/state.json"}}},
      {"evaluate",
       {{in + "eval/seen/samples.jsonl", in + "eval/seen/samples.journal-0.jsonl"},
        {in + "eval/seen/verdicts.jsonl", in + "eval/seen/verdicts.journal-0.jsonl"}}},
      {"control", {{in + "dataset.jsonl", in + "control/trainer/state.json"}}}};
  for (const auto& [stage, files] : leftovers) {
    const std::string dir = run_dir("said-" + stage);
    fs::copy(reference_.run_dir, dir, fs::copy_options::recursive);
    json state = json::parse(ReadText(dir + "/state.json"));
    std::erase(state["complete"].get_ref<json::array_t&>(), json("01/" + stage));
    WriteText(dir + "/state.json", state.dump());
    for (const auto& [from, to] : files) WriteText(dir + to, ReadText(dir + from));
    const Outcome outcome = Restem(command("run", dir));
    ASSERT_EQ(outcome.exit_code, 0) << stage << "\n" << outcome.err;
    SCOPED_TRACE(stage);
    ExpectSameRun(reference_.run_dir, dir);
  }
}

// The first `count` lines of a file and half of the next one.
std::string Torn(const std::string& text, int count) {
  size_t end = 0;
  for (int i = 0; i < count; ++i) end = text.find('\n', end) + 1;
  return text.substr(0, end + (text.find('\n', end) - end) / 2);
}

TEST_P(Resume, TornJournals) {
  const std::string dir = run_dir("torn");
  std::vector<std::string> begin = command("evaluate", dir);
  begin.insert(begin.end(), {"--iteration", "0"});
  ASSERT_EQ(Restem(begin).exit_code, 0);
  const std::string folder = "iterations/01/";
  const std::string samples = reference_.files.at(folder + "samples.jsonl");
  const std::string verdicts = reference_.files.at(folder + "verdicts.jsonl");
  // Samples that were never judged, and a verdict of a sample that did not reach the disk.
  WriteText(dir + "/" + folder + "samples.journal-0.jsonl", Torn(samples, 20));
  WriteText(dir + "/" + folder + "verdicts.journal-0.jsonl", Torn(verdicts, 13));
  WriteText(dir + "/" + folder + "samples.jsonl.tmp", Torn(samples, 30));
  WriteText(dir + "/" + folder + "checkpoint.tmp/model.safetensors", "half of a model");
  const Outcome outcome = Restem(command("run", dir));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  ExpectSameRun(reference_.run_dir, dir);
}

// A line in the middle of a journal cannot be torn by a kill: someone or something changed it.
TEST_P(Resume, DamagedJournal) {
  const std::string dir = run_dir("damaged");
  std::vector<std::string> begin = command("evaluate", dir);
  begin.insert(begin.end(), {"--iteration", "0"});
  ASSERT_EQ(Restem(begin).exit_code, 0);
  const std::string journal = dir + "/iterations/01/samples.journal-0.jsonl";
  std::string text = Torn(reference_.files.at("iterations/01/samples.jsonl"), 20);
  text[text.find('\n') + 5] = '\0';
  WriteText(journal, text);
  const Outcome outcome = Restem(command("run", dir));
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.err.find(journal + ":2"), std::string::npos) << outcome.err;
  EXPECT_EQ(ReadText(journal), text) << "the evidence was changed";
}

}  // namespace
}  // namespace restem::testing
