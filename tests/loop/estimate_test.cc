#include "loop/estimate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loop/gpu_forecast.h"

namespace restem {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr double kGigabyte = 1e9;
constexpr Machine kLarge = {.memory = 4000 * kGigabyte, .free_disk = 4000 * kGigabyte};

// Llama-3-8B's sizes, 100 problems to train on and 10 to test on, 16 threads.
JobInputs Inputs(std::vector<std::string> sets = {}) {
  const char* text =
      "{name: big, model: {base: base}, data: {train: [{path: train.jsonl}]},"
      " sampler: {max_new_tokens: 512, samples_per_problem: 10, kv_cache_memory: 1TB},"
      " evaluate: {samples: 0}, em: {iterations: 1}}";
  auto job = ReadJobText(text, "job.yaml", "/jobs", sets);
  EXPECT_TRUE(job.ok()) << MessageOf(job.status());
  JobInputs inputs;
  inputs.job = *job;
  inputs.lanes = 16;
  inputs.base.model_type = "llama";
  inputs.base.vocab_size = 128256;
  inputs.base.hidden_size = 4096;
  inputs.base.intermediate_size = 14336;
  inputs.base.num_hidden_layers = 32;
  inputs.base.num_attention_heads = 32;
  inputs.base.num_key_value_heads = 8;
  inputs.base.head_dim = 128;
  inputs.train.problems.resize(100);
  inputs.tests.emplace_back().problems.resize(10);
  return inputs;
}

TEST(Estimate, CountsWeightsMomentsAndAGradientForEachThread) {
  // 8.03e9 parameters: 2 bytes in bfloat16, and 4 · (4 + 16) in training. Keys and values of a
  // token take 32 · 8 · 128 · 2 · 4 bytes, of 16 · 128 completions of 512.
  EXPECT_THAT(DescribeNeeds(Inputs(), kLarge),
              AllOf(HasSubstr("8.03 billion parameters"),
                    HasSubstr("0.512 million sampled tokens, 0.00512 million for evaluation"),
                    HasSubstr("sampling about 291 GB, training about 658 GB"),
                    HasSubstr("disk: at most about 145 GB"),
                    Not(HasSubstr("warning"))));
}

TEST(Estimate, KeysAndValuesTakeNoMoreThanTheyMay) {
  EXPECT_THAT(DescribeNeeds(Inputs({"sampler.kv_cache_memory=4GB"}), kLarge),
              HasSubstr("sampling about 20.1 GB"));
  EXPECT_THAT(DescribeNeeds(Inputs({"sampler.kv_cache_memory=auto"}), {.memory = 60 * kGigabyte}),
              HasSubstr("sampling about 46.1 GB"));
}

TEST(Estimate, WarnsOfWhatTheMachineDoesNotHave) {
  const Machine small = {.memory = 30 * kGigabyte, .free_disk = 100 * kGigabyte};
  EXPECT_THAT(
      DescribeNeeds(Inputs(), small),
      AllOf(HasSubstr("warning: sampling needs about 291 GB, the machine has 30 GB: a smaller "
                      "sampler.kv_cache_memory\n"),
            HasSubstr("warning: training needs about 658 GB, the machine has 30 GB: fewer "
                      "threads, more processes, or a lora section\n"),
            HasSubstr("warning: the run writes about 145 GB, the machine has 100 GB free at "
                      "`output`\n")));
  // An adapter's moments and gradients are small beside the base.
  EXPECT_THAT(DescribeNeeds(Inputs({"lora.r=16", "sampler.kv_cache_memory=4GB"}), small),
              Not(HasSubstr("warning")));
}

// Of 8.03e9 parameters 38 bytes are shared by 8; an end of the model and two layers, 9.6e8, are
// whole in bfloat16 and have a gradient for each of 16 threads.
TEST(Estimate, ProcessesShareWhatTheyTrain) {
  JobInputs inputs = Inputs();
  inputs.ranks = 8;
  EXPECT_THAT(DescribeNeeds(inputs, kLarge),
              HasSubstr("training about 102 GB for each of 8 processes"));
  // Half of each layer on each of two neighbours: so is what is in one piece.
  inputs.job.train.tensor_parallel_size = 2;
  EXPECT_THAT(DescribeNeeds(inputs, kLarge), HasSubstr("training about 69.9 GB for each of 8"));
  inputs.job.train.tensor_parallel_size = 1;
  inputs.job.train.sharding = "none";
  EXPECT_THAT(DescribeNeeds(inputs, kLarge), HasSubstr("training about 787 GB for each of 8"));
}

// A GPU's 16384 tokens take 8 flops for each of 32 · 219e6 products of layers and scores, 6 for
// each of 525e6 of the head, two thirds of 989e12 a second. It sends seven eighths of 14.8e9
// weights in 2 bytes and of 8.03e9 gradients in 4, at 360e9 a second. A step of 512 samples
// reads 16.1e9 bytes of weights and 512 · 256 keys of 131072 bytes. Of 8.03e9 weights an eighth in
// 18 bytes is kept on each GPU, beside 961e6, two layers and the head, in 2 bytes and gradients
// in 4.
TEST(Estimate, ForecastsAStepOnGpus) {
  JobInputs inputs = Inputs();
  inputs.ranks = 8;
  inputs.job.train.tokens_per_step = 131072;
  inputs.job.train.gradient_checkpointing = true;
  const std::string text = ForecastOnGpus(inputs, kGpus[1]);
  EXPECT_THAT(
      text,
      AllOf(HasSubstr("forecast for 8 h100, 8 to a node"),
            HasSubstr("a step of 131072 tokens at least 1.49 s: computing 1.47 s, transfers "
                      "157 ms, 146 ms of them meanwhile; at most 87849 tokens/s, 50% MFU"),
            HasSubstr("training about 23.8 GB, and activations, on each GPU of 80 GB"),
            HasSubstr("drawing at most 412799 tokens/s on all of them")));
}

TEST(Estimate, AJobThatOnlyMeasuresNeedsNoTraining) {
  JobInputs inputs = Inputs();
  inputs.train.problems.clear();
  const std::string text = DescribeNeeds(inputs, {.memory = 300 * kGigabyte});
  EXPECT_THAT(text,
              AllOf(HasSubstr("estimate, at most: 0.00512 million tokens\n"),
                    HasSubstr("disk: at most about 154 KB"),
                    Not(HasSubstr("training")),
                    Not(HasSubstr("warning"))));
}

TEST(Estimate, TheDiskOfARunThatIsNotThereYet) {
  Job job;
  job.output = "/tmp/not/there/yet";
  job.name = "run";
  const Machine machine = MachineOf(job);
  EXPECT_GT(machine.memory, 0);
  EXPECT_TRUE(machine.free_disk.has_value());
}

}  // namespace
}  // namespace restem
