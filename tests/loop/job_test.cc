#include "loop/job.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "config/flags.h"

namespace restem {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// CONTRACT's job file, with every key that this version can act on.
constexpr std::string_view kFullJob = R"(name: word-problems
seed: 17
output: ../runs
device: auto
threads: 2
deterministic: false
model: {base: base, dtype: bfloat16, from_scratch: false}
data:
  train: [{path: train.jsonl, limit: 100, offset: 10, fields: {answer: Equation}}]
  validation: [{path: validation.jsonl}]
  test: [{name: svamp, path: test.jsonl}, {path: /data/mawps.jsonl}]
  fields: {id: ID, question: [Body, Question], answer: Answer}
  long_prompts: error
prompt: {template: "Q: {question}\nA:", few_shot: shots.txt, chat: false}
sampler: {samples_per_problem: 32, temperature: 0.7, top_k: 40, top_p: 1.0, max_new_tokens: 256, stop: ["\n\n", "Q:"],
          stop_at_correct: 0, batch_tokens: auto, kv_cache_memory: auto, tensor_parallel_size: 1}
reward: {type: numeric, max_error_rate: 0.05, markers: ["####"], tolerance: 1e-6}
select: {max_correct_per_problem: 10, dedup: text, order: random, include_truncated: false}
em: {iterations: 3, init: base, sampler_model: teacher}
train:
  {examples: samples, epochs: 3, max_steps: 0, tokens_per_step: 16384, micro_batch_tokens: auto, learning_rate: 1.0e-5,
   lr_scheduler_type: cosine, warmup_steps: 20, weight_decay: 0.1, betas: [0.9, 0.95], max_grad_norm: 1.0, weighting: sample,
   early_stop: reward, eval_every: 50, patience: 3, save_every: 200, z_loss: 0.0, gradient_checkpointing: false,
   offload_optimizer: false, sharding: auto, tensor_parallel_size: 1}
evaluate: {greedy: true, samples: 64, temperature: 1.0, top_p: 0.95, k: [1, 2, 4, 8, 16, 32, 64], majority: 64}
control: none
)";

constexpr std::string_view kSmallJob = R"(name: small
model: {base: base}
data: {train: [{path: train.jsonl}]}
)";

absl::StatusOr<Job> Read(std::string_view text, std::vector<std::string> sets = {}) {
  return ReadJobText(text, "job.yaml", "/jobs/one", sets);
}

std::string ProblemsOf(std::string_view text, std::vector<std::string> sets = {}) {
  const auto job = Read(text, std::move(sets));
  return job.ok() ? "OK" : std::string(MessageOf(job.status()));
}

TEST(Job, TakesTheWholeContract) {
  const auto job = Read(kFullJob);
  ASSERT_TRUE(job.ok()) << MessageOf(job.status());
  EXPECT_EQ(job->run_directory(), "/jobs/runs/word-problems");
  EXPECT_EQ(job->threads, 2);
  EXPECT_EQ(job->model.base, "/jobs/one/base");
  EXPECT_EQ(job->data.train[0].path, "/jobs/one/train.jsonl");
  EXPECT_EQ(job->data.train[0].limit, 100);
  EXPECT_EQ(job->data.train[0].offset, 10);
  EXPECT_THAT(job->data.train[0].fields.at("answer"), ElementsAre("Equation"));
  EXPECT_EQ(job->data.validation[0].name, "validation");
  EXPECT_EQ(job->data.test[0].name, "svamp");
  EXPECT_EQ(job->data.test[1].name, "mawps");
  EXPECT_EQ(job->data.test[1].path, "/data/mawps.jsonl");
  EXPECT_THAT(job->data.fields.at("question"), ElementsAre("Body", "Question"));
  EXPECT_EQ(job->prompt.few_shot, "/jobs/one/shots.txt");
  EXPECT_EQ(job->sampler.params().max_new_tokens, 256);
  EXPECT_NE(job->reward.spec, nullptr);
  EXPECT_EQ(job->em.sampler_model, "/jobs/one/teacher");
  EXPECT_EQ(job->train.learning_rate, 1e-5);
  EXPECT_EQ(job->evaluate.max_new_tokens, 256);  // the sampler's
  EXPECT_THAT(job->evaluate.stop, ElementsAre("\n\n", "Q:"));
  EXPECT_FALSE(job->lora.has_value());
}

// The contract's numbers are the defaults, so leaving them out changes nothing but the files.
TEST(Job, DefaultsAreTheContracts) {
  const std::string full = PrintJob(*Read(kFullJob));
  const std::string small = PrintJob(*Read(kSmallJob));
  const auto lines = DiffJobs(full, small);
  ASSERT_TRUE(lines.ok());
  std::vector<std::string> keys;
  for (const std::string& line : *lines) {
    const std::string key = line.substr(0, line.find(':'));
    if (!key.starts_with("data.")) keys.push_back(key);
  }
  EXPECT_THAT(keys,
              ElementsAre("name",
                          "output",
                          "threads",
                          "prompt.few_shot",
                          "sampler.max_new_tokens",
                          "sampler.stop",
                          "reward.markers",
                          "em.sampler_model",
                          "evaluate.max_new_tokens",
                          "evaluate.stop"));
}

TEST(Job, PrintedJobReadsBackEqualFromAnywhere) {
  for (const std::string_view text : {kFullJob, kSmallJob}) {
    const std::string printed = PrintJob(*Read(text, {"train.epochs=5"}));
    const auto again = ReadJobText(printed, "resolved.yaml", "/elsewhere");
    ASSERT_TRUE(again.ok()) << MessageOf(again.status()) << printed;
    EXPECT_EQ(PrintJob(*again), printed);
    EXPECT_TRUE(DiffJobs(printed, PrintJob(*again))->empty());
  }
}

TEST(Job, ChatHasOtherDefaults) {
  const auto job =
      Read(kSmallJob, {"prompt.chat=true", "prompt.chat_template_kwargs.thinking=false"});
  ASSERT_TRUE(job.ok()) << MessageOf(job.status());
  EXPECT_EQ(job->prompt.template_text, "{question}");
  EXPECT_THAT(job->prompt.chat_template_kwargs.at("thinking"), ElementsAre("false"));
  EXPECT_TRUE(job->sampler.stop.empty());
  EXPECT_TRUE(job->evaluate.stop.empty());
  const auto again = ReadJobText(PrintJob(*job), "resolved.yaml", "/elsewhere");
  ASSERT_TRUE(again.ok()) << MessageOf(again.status());
  EXPECT_EQ(PrintJob(*again), PrintJob(*job));
}

TEST(Job, DiffNamesWhatChanged) {
  const std::string before = PrintJob(*Read(kFullJob));
  const std::string after = PrintJob(
      *Read(kFullJob, {"train.learning_rate=0.002", "sampler.stop=X", "data.test.1.limit=5"}));
  EXPECT_THAT(*DiffJobs(before, after),
              ElementsAre("data.test.1.limit: 0 -> 5",
                          "sampler.stop: [\"\\n\\n\", \"Q:\"] -> [X]",
                          "train.learning_rate: 1e-05 -> 0.002",
                          "evaluate.stop: [\"\\n\\n\", \"Q:\"] -> [X]"));
}

TEST(Job, EvaluationFollowsItsSamples) {
  const auto job = Read(kSmallJob, {"evaluate.samples=8", "sampler.max_new_tokens=7"});
  ASSERT_TRUE(job.ok());
  EXPECT_THAT(job->evaluate.k, ElementsAre(1, 2, 4, 8));
  EXPECT_EQ(job->evaluate.majority, 8);
  EXPECT_EQ(job->evaluate.max_new_tokens, 7);
  EXPECT_EQ(ProblemsOf(kSmallJob, {"evaluate.samples=8", "evaluate.k=[16]", "evaluate.majority=9"}),
            "--set evaluate.k=[16]: evaluate.k: must not go beyond samples, which is 8\n"
            "--set evaluate.majority=9: evaluate.majority: must not go beyond samples, which is 8");
}

TEST(Job, NamesWhatIsMissing) {
  EXPECT_EQ(ProblemsOf(""),
            "job.yaml: name: is missing: the run directory is named after it\n"
            "job.yaml: model.base: is missing: the HF model directory to start from\n"
            "job.yaml: data: has no problems: give train, test or both");
  EXPECT_EQ(ProblemsOf("name: x\nmodel:\n  dtype: float32\ndata:\n  train:\n    - limit: 3\n"),
            "job.yaml:2: model.base: is missing: the HF model directory to start from\n"
            "job.yaml:6: data.train.0.path: is missing: a file of problems");
}

TEST(Job, PointsAtMisspeltAndMisplacedKeys) {
  const std::string base(kSmallJob);
  EXPECT_EQ(ProblemsOf(base + "train:\n  learning_rat: 0.1\n"),
            "job.yaml:5: train.learning_rat: unknown key; did you mean learning_rate?");
  EXPECT_EQ(ProblemsOf(base + "sampler:\n  temperature: -1\n"),
            "job.yaml:5: sampler.temperature: -1 is out of range, must be >= 0");
  EXPECT_EQ(ProblemsOf(base + "learning_rate: 0.1\n"),
            "job.yaml:4: learning_rate: unknown key; did you mean train.learning_rate?");
  EXPECT_EQ(ProblemsOf(base + "smapler: {top_k: 0}\n"),
            "job.yaml:4: smapler: unknown key; did you mean sampler?");
  EXPECT_EQ(ProblemsOf(base + "train: {betas: [0.9, 1]}"),
            "job.yaml:4: train.betas: must be two numbers, each at least 0 and below 1");
  EXPECT_EQ(ProblemsOf(base + "sampler: {stop: ['']}"),
            "job.yaml:4: sampler.stop: must not hold an empty string");
}

// Only the registered type's own fields are known; of an unknown type nothing else is judged.
TEST(Job, RewardFieldsFollowTheType) {
  const std::string base(kSmallJob);
  EXPECT_EQ(ProblemsOf(base + "reward: {type: exact, tolerance: 0.1}"),
            "job.yaml:4: reward.tolerance: unknown key");
  EXPECT_EQ(ProblemsOf(base + "reward: {type: numeric, tolerence: 0.1}"),
            "job.yaml:4: reward.tolerence: unknown key; did you mean tolerance?");
  EXPECT_THAT(
      ProblemsOf(base + "reward: {type: maths, order: [x], max_error_rate: 2}"),
      AllOf(
          HasSubstr("job.yaml:4: reward.type: maths is not one of all, any, choice, "),
          HasSubstr("job.yaml:4: reward.max_error_rate: 2 is out of range, must be >= 0 and <= 1"),
          testing::Not(HasSubstr("unknown key"))));
}

TEST(Job, NamesOfSetsAreDistinctFolders) {
  const std::string base = "name: x\nmodel: {base: b}\ndata:\n  test:\n";
  EXPECT_EQ(ProblemsOf(base + "    - {path: a/test.jsonl}\n    - {path: b/test.jsonl}\n"),
            "job.yaml:6: data.test.1.name: another set is also named test: give each its own name");
  EXPECT_EQ(
      ProblemsOf(base + "    - {path: a, name: ../x}\n"),
      "job.yaml:5: data.test.0.name: must be letters, digits, '_', '-' and '.', since a folder "
      "is named after it");
  EXPECT_EQ(ProblemsOf(base + "    - {path: a}\n", {"name=a/b"}),
            "--set name=a/b: name: cannot be a folder's name");
}

TEST(Job, RefusesWhatThisVersionCannotDo) {
  const std::string parts =
      ": train.tensor_parallel_size: cannot be had with lora or deterministic: set it to 1";
  EXPECT_EQ(ProblemsOf(kSmallJob, {"train.tensor_parallel_size=2", "deterministic=true"}),
            "--set train.tensor_parallel_size=2" + parts);
  EXPECT_EQ(ProblemsOf(kSmallJob, {"train.tensor_parallel_size=2", "lora.r=4"}),
            "--set train.tensor_parallel_size=2" + parts);
  EXPECT_EQ(
      ProblemsOf(kSmallJob, {"sampler.tensor_parallel_size=2", "lora.r=8"}),
      "--set sampler.tensor_parallel_size=2: sampler.tensor_parallel_size: cannot be had with "
      "lora: set it to 1");
  EXPECT_EQ(ProblemsOf(kSmallJob, {"train.offload_optimizer=true"}),
            "--set train.offload_optimizer=true: train.offload_optimizer: is for device: cuda "
            "without lora: set it to false");
  EXPECT_EQ(ProblemsOf(kSmallJob, {"train.sharding=full"}),
            "--set train.sharding=full: train.sharding: full is not one of auto, node, none");
}

TEST(Job, ReferenceListsEveryKey) {
  const std::string reference = JobReference();
  for (const char* text : {"learning_rate: 1e-05",
                           "# Peak rate of AdamW. [number > 0]",
                           "# lora:",
                           "With type: numeric",
                           "# tolerance:",
                           "stop_at_correct: 0",
                           "[cpu | cuda | auto]"}) {
    EXPECT_THAT(reference, HasSubstr(text));
  }
  // With its required keys, the reference is a job, and the one with all defaults.
  const auto job = Read(reference, {"name=small", "model.base=/b", "data.train=[{path: /t}]"});
  ASSERT_TRUE(job.ok()) << MessageOf(job.status());
  const auto plain = Read("", {"name=small", "model.base=/b", "data.train=[{path: /t}]"});
  EXPECT_EQ(PrintJob(*job), PrintJob(*plain));
}

TEST(Job, GenerateFlagsAreTheSamplersFields) {
  GenerateOptions options;
  std::vector<std::string> positionals;
  const std::vector<std::string> args = {"--samples=4",
                                         "--temperature",
                                         "0",
                                         "--top-k",
                                         "5",
                                         "--top-p=0.9",
                                         "--max-new-tokens",
                                         "7",
                                         "--stop",
                                         "a",
                                         "--stop=b",
                                         "--ignore-eos",
                                         "--batch-tokens",
                                         "64"};
  const absl::Status status = config::ParseFlags(args, options, positionals);
  ASSERT_TRUE(status.ok()) << MessageOf(status);
  EXPECT_EQ(options.samples, 4);
  EXPECT_EQ(options.batch_tokens, 64);
  const SamplingParams params = options.params();
  EXPECT_EQ(params.temperature, 0);
  EXPECT_EQ(params.top_k, 5);
  EXPECT_EQ(params.top_p, 0.9);
  EXPECT_EQ(params.max_new_tokens, 7);
  EXPECT_THAT(params.stop, ElementsAre("a", "b"));
  EXPECT_TRUE(params.ignore_eos);
}

// Every job of the repository is read.
TEST(Job, ConfigsAreJobs) {
  ::setenv("RESTEM_DATA", "/data", /*overwrite=*/0);
  ::setenv("MODEL", "/model", /*overwrite=*/0);
  int jobs = 0;
  const std::filesystem::path folder = std::filesystem::path(RESTEM_SOURCE_DIR) / "configs";
  if (!std::filesystem::is_directory(folder)) GTEST_SKIP() << "there are no configs";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".yaml") continue;
    const auto job = ReadJob(entry.path().string());
    EXPECT_TRUE(job.ok()) << MessageOf(job.status());
    ++jobs;
  }
  EXPECT_GT(jobs, 0);
}

TEST(Job, SurvivesMutatedFiles) {
  std::mt19937 random(11);
  const auto below = [&random](size_t n) { return static_cast<size_t>(random() % n); };
  const std::string_view tokens = "{}[]:,-?&*!|>'\"%@`#\n\t ~.$019a";
  int refused = 0;
  for (int round = 0; round < 1000; ++round) {
    std::string text(kFullJob);
    for (size_t edits = 1 + below(4); edits > 0; --edits) {
      const size_t at = below(text.size());
      if (below(2) == 0) text.erase(at, below(12) + 1);
      text.insert(std::min(at, text.size()), 1, tokens[below(tokens.size())]);
    }
    const auto job = Read(text);
    if (job.ok()) {
      EXPECT_TRUE(Read(PrintJob(*job)).ok()) << text;
    } else {
      ASSERT_EQ(job.status().code(), InvalidInput("").code()) << text;
      ++refused;
    }
  }
  EXPECT_GT(refused, 300);
}

}  // namespace
}  // namespace restem
