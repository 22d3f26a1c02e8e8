// Whatever is wrong with an input is said in one message that names where, with exit code 2.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "app/process.h"
#include "app/tiny_job.h"
#include "support/paths.h"

namespace restem::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

using Parts = std::vector<std::string>;

void ExpectError(const std::vector<std::string>& command, const Parts& parts, int exit_code = 2) {
  const Outcome outcome = Restem(command);
  EXPECT_EQ(outcome.exit_code, exit_code) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  for (const std::string& part : parts) EXPECT_THAT(outcome.err, HasSubstr(part));
}

class BadInput : public ::testing::Test {
 protected:
  void SetUp() override {
    dir_ = TestDir();
    job_ = WriteTinyJob(dir_);
  }

  std::string file(const std::string& name) const { return dir_ + "/" + name; }

  // `check` of the job with these overrides.
  std::vector<std::string> check(const std::vector<std::string>& sets = {}) const {
    std::vector<std::string> command = {"check", job_};
    for (const std::string& set : sets) command.insert(command.end(), {"--set", set});
    return command;
  }
  void expect_bad_train_file(const std::string& content, const Parts& parts) const {
    WriteText(file("train.jsonl"), content);
    ExpectError(check(), parts);
  }
  void replace(const std::string& name, const std::string& from, const std::string& to) const {
    std::string text = ReadText(file(name));
    const size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    WriteText(file(name), text.replace(at, from.size(), to));
  }

  std::string dir_;
  std::string job_;
};

// ---- Command line ----

TEST(CommandLine, NoArgumentShowsTheCommands) {
  const Outcome outcome = Restem({});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.out + outcome.err, HasSubstr("restem run JOB.yaml"));
}

TEST(CommandLine, HelpAndVersion) {
  for (const char* command : {"run",
                              "check",
                              "sample",
                              "score",
                              "select",
                              "train",
                              "evaluate",
                              "compare",
                              "show",
                              "generate",
                              "logprob",
                              "tokenize",
                              "verify"}) {
    const Outcome outcome = Restem({command, "--help"});
    EXPECT_EQ(outcome.exit_code, 0) << command;
    EXPECT_THAT(outcome.out, HasSubstr(std::string("restem ") + command));
    EXPECT_THAT(outcome.out, HasSubstr("--threads"));
  }
  EXPECT_EQ(Restem({"--help"}).exit_code, 0);
  EXPECT_THAT(Restem({"--version"}).out, HasSubstr("restem "));
}

TEST(CommandLine, UnknownCommand) { ExpectError({"trian"}, {"unknown command trian", "--help"}); }

TEST(CommandLine, UnknownFlags) {
  ExpectError({"run", "job.yaml", "--frehs"}, {"--frehs: unknown flag; did you mean --fresh?"});
  ExpectError({"generate", "--temprature", "1"},
              {"--temprature: unknown flag; did you mean --temperature?"});
}

TEST(CommandLine, WrongValues) {
  ExpectError({"generate", "--temperature", "-1", "--top-p", "0", "--samples", "many"},
              {"--temperature: -1 is out of range, must be >= 0",
               "--top-p: 0 is out of range, must be > 0 and <= 1",
               "--samples: expected an integer, got many"});
  ExpectError({"generate", "--dtype", "float8"}, {"--dtype", "float8", "float32", "bfloat16"});
}

TEST(CommandLine, MissingArguments) {
  ExpectError({"run"}, {"expected one job file"});
  ExpectError({"generate"}, {"--model is missing"});
  ExpectError({"logprob", "--model", "m"}, {"--input is missing"});
  ExpectError({"tokenize", "--model", "m", "--input", "i"}, {"--output is missing"});
  ExpectError({"verify"}, {"--reward is missing"});
  ExpectError({"compare", "one"}, {"at least two"});
  ExpectError({"show"}, {"expected one run directory"});
}

TEST(CommandLine, MissingFiles) {
  ExpectError({"run", "nope.yaml"}, {"nope.yaml", "No such file"});
  ExpectError({"check", "nope.yaml"}, {"nope.yaml", "No such file"});
  ExpectError({"show", "nope"}, {"nope"});
  ExpectError({"compare", "nope", "neither"}, {"nope"});
  ExpectError({"generate", "--model", "nope", "--input", "i", "--output", "o"},
              {"nope is not a model directory", "config.json"});
  ExpectError({"verify", "--reward", "nope.yaml", "--input", "i", "--output", "o"},
              {"nope.yaml", "No such file"});
}

// ---- Job file ----

TEST_F(BadInput, AllMistakesOfAJobAtOnce) {
  WriteText(file("bad.yaml"),
            "name: bad\n"
            "modell: {base: base}\n"
            "sampler:\n"
            "  temperature: hot\n"
            "train:\n"
            "  epochs: -1\n"
            "  learing_rate: 0.1\n");
  ExpectError(
      {"check", file("bad.yaml")},
      {file("bad.yaml") + ":2: modell: unknown key; did you mean model?",
       file("bad.yaml") + ":4: sampler.temperature: expected a number, got hot",
       file("bad.yaml") + ":6: train.epochs: -1 is out of range, must be >= 1",
       file("bad.yaml") + ":7: train.learing_rate: unknown key; did you mean learning_rate?",
       "model.base: is missing"});
}

TEST_F(BadInput, BrokenYaml) {
  WriteText(file("bad.yaml"), "name: x\ndata: {train: [\n");
  ExpectError({"check", file("bad.yaml")}, {file("bad.yaml") + ":3"});
}

TEST_F(BadInput, Overrides) {
  ExpectError(check({"train.epoch=3"}),
              {"--set train.epoch=3: train.epoch: unknown key; did you mean epochs?"});
  ExpectError(check({"train.epochs=many"}), {"train.epochs: expected an integer, got many"});
  ExpectError(check({"reward.type=numerik"}), {"numerik", "did you mean numeric?"});
}

TEST_F(BadInput, StageNeedsAnIteration) {
  ExpectError({"sample", job_}, {"--iteration is missing"});
  ExpectError({"sample", job_, "--iteration", "0"}, {"below 1"});
}

TEST_F(BadInput, Cuda) { ExpectError({"run", job_, "--device", "cuda"}, {"cuda", "cpu"}); }

// ---- Data ----

TEST_F(BadInput, MissingDataFile) {
  fs::remove(file("train.jsonl"));
  ExpectError(check(), {file("train.jsonl"), "No such file"});
}

TEST_F(BadInput, EmptyDataFile) {
  expect_bad_train_file("", {file("train.jsonl") + ": holds no problems"});
}

TEST_F(BadInput, DuplicateIds) {
  expect_bad_train_file(ParityProblems(10, 3) + ParityProblems(11, 1),
                        {file("train.jsonl") + ":4: id n11", file("train.jsonl") + ":2"});
}

TEST_F(BadInput, BrokenJson) {
  expect_bad_train_file(ParityProblems(10, 3) + "{\"id\": \"x\", \"question\": \n",
                        {file("train.jsonl") + ":4: not valid JSON"});
}

TEST_F(BadInput, MissingQuestion) {
  expect_bad_train_file("{\"id\": \"x\", \"Question\": \"1\", \"answer\": 1}\n",
                        {file("train.jsonl") + ":1", "\"question\" is missing", "Question"});
}

TEST_F(BadInput, TablesAndColumns) {
  replace("job.yaml", "path: train.jsonl", "path: train.csv");
  WriteText(file("train.csv"), "id,Question,answer\r\nx,1,1\r\n");
  ExpectError(check(),
              {file("train.csv") + ":2: \"question\" is missing; there is: id, Question, answer. "
                                   "Name the right one in data.fields"});
  WriteText(file("train.csv"), "id,question,answer\n\nx,1\n");
  ExpectError(check(),
              {file("train.csv") + ":3: has 2 values, but the header names 3 columns: id, "
                                   "question, answer"});
  replace("job.yaml", "path: train.csv", "path: train.parquet");
  WriteText(file("train.parquet"), "PAR1 is how it begins PAR1");
  ExpectError(check(), {file("train.parquet") + ": is no Parquet file that can be read: "});
}

TEST_F(BadInput, TemplateFieldThatTheDataLacks) {
  ExpectError(check({"prompt.template=Q: {questoin}"}),
              {"questoin", "n10", "answer, id, question", file("train.jsonl") + ":1"});
}

TEST_F(BadInput, BrokenTemplate) {
  ExpectError(check({"prompt.template=Q: {question"}), {"prompt.template", "character 4"});
}

TEST_F(BadInput, PromptBeyondTheContext) {
  expect_bad_train_file(
      "{\"id\": \"x\", \"question\": \"" + std::string(70, 'q') + "\", \"answer\": 1}\n",
      {file("train.jsonl") + ":1", "problem x", "context holds 64"});
}

TEST_F(BadInput, GoldAnswersThatTheRewardRefuses) {
  const std::string data =
      "{\"id\": \"x\", \"question\": \"1\", \"answer\": \"one\"}\n" + ParityProblems(12, 4);
  expect_bad_train_file(data, {"train", "4 of 5 gold answers", "problem 'x'", "one"});
}

TEST_F(BadInput, RewardThatAcceptsEverything) {
  ExpectError(check({"reward.tolerance=10"}), {"train", "refuses only 0 of 12"});
}

TEST_F(BadInput, AMendedJobGoesOnInTheSameDirectory) {
  // What is wrong is found before the run directory remembers the job.
  ExpectError({"run", job_, "--set", "reward.tolerance=10"}, {"refuses only"});
  const Outcome mended = Restem({"sample", job_, "--iteration", "1"});
  EXPECT_EQ(mended.exit_code, 0) << mended.err;
}

// ---- Model ----

TEST_F(BadInput, TruncatedWeights) {
  const std::string whole = std::to_string(fs::file_size(file("base/model.safetensors")));
  fs::resize_file(file("base/model.safetensors"), 20000);
  const Parts parts = {file("base/model.safetensors") + ": truncated: 20000 bytes", whole};
  ExpectError(check(), parts);
  ExpectError({"run", job_}, parts);
  WriteText(file("in.jsonl"), "{\"id\":1,\"prompt\":\"Q\"}\n");
  ExpectError({"generate",
               "--model",
               file("base"),
               "--input",
               file("in.jsonl"),
               "--output",
               file("out.jsonl")},
              parts);
  EXPECT_FALSE(fs::exists(file("out.jsonl")));
}

TEST_F(BadInput, MissingWeights) {
  fs::remove(file("base/model.safetensors"));
  ExpectError(check(), {file("base"), "safetensors"});
}

TEST_F(BadInput, WrongShapes) {
  replace("base/config.json", "\"intermediate_size\": 32", "\"intermediate_size\": 48");
  ExpectError(check(),
              {file("base"),
               "model.layers.0.mlp.gate_proj.weight has shape [32, 16]",
               "config.json implies [48, 16]"});
}

TEST_F(BadInput, FewerLayersThanWeights) {
  replace("base/config.json", "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1");
  ExpectError(check(), {file("base"), "model.layers.1.", "not part of"});
}

TEST_F(BadInput, UnknownArchitecture) {
  replace("base/config.json", "\"model_type\": \"llama\"", "\"model_type\": \"mamba\"");
  ExpectError(check(), {file("base/config.json"), "model_type", "mamba", "llama"});
}

TEST_F(BadInput, TokenizerLargerThanTheEmbedding) {
  replace("base/config.json", "\"vocab_size\": 264", "\"vocab_size\": 200");
  ExpectError(check(), {file("base/tokenizer.json"), "257 tokens", "only 200 rows", "vocab_size"});
}

TEST_F(BadInput, BrokenModelJson) {
  WriteText(file("base/config.json"), "{\"model_type\": ");
  ExpectError(check(), {file("base/config.json"), "not valid JSON"});
}

TEST_F(BadInput, BrokenTokenizer) {
  WriteText(file("base/tokenizer.json"), "{\"model\": {\"type\": \"Oracle\"}}");
  ExpectError(check(), {file("base/tokenizer.json"), "Oracle"});
}

TEST_F(BadInput, EosThatTheTokenizerLacks) {
  WriteText(file("base/generation_config.json"), "{\"eos_token_id\": 260}");
  ExpectError(check(), {"260"});
}

}  // namespace
}  // namespace restem::testing
