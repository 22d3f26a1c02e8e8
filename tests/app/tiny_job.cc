#include "app/tiny_job.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "app/process.h"

namespace restem::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr int kEosId = 256;

std::string Utf8(int codepoint) {
  if (codepoint < 0x80) return {static_cast<char>(codepoint)};
  return {static_cast<char>(0xC0 | (codepoint >> 6)), static_cast<char>(0x80 | (codepoint & 0x3F))};
}

// The letters that byte-level BPE writes bytes as: printable ones stand for themselves, the others
// are moved beyond 255, in order.
std::vector<std::string> ByteLetters() {
  std::vector<std::string> letters;
  int moved = 256;
  for (int byte = 0; byte < 256; ++byte) {
    const bool printable = (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte != 0xAD);
    letters.push_back(Utf8(printable ? byte : moved++));
  }
  return letters;
}

ordered_json TokenizerJson() {
  ordered_json vocab = ordered_json::object();
  const std::vector<std::string> letters = ByteLetters();
  for (int byte = 0; byte < 256; ++byte) vocab[letters[static_cast<size_t>(byte)]] = byte;
  const ordered_json byte_level = {{"type", "ByteLevel"},
                                   {"add_prefix_space", false},
                                   {"trim_offsets", true},
                                   {"use_regex", true}};
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens",
           {{{"id", kEosId},
             {"content", "<|end|>"},
             {"single_word", false},
             {"lstrip", false},
             {"rstrip", false},
             {"normalized", false},
             {"special", true}}}},
          {"normalizer", nullptr},
          {"pre_tokenizer", byte_level},
          {"post_processor", nullptr},
          {"decoder", byte_level},
          {"model",
           {{"type", "BPE"},
            {"dropout", nullptr},
            {"unk_token", nullptr},
            {"continuing_subword_prefix", nullptr},
            {"end_of_word_suffix", nullptr},
            {"fuse_unk", false},
            {"byte_fallback", false},
            {"ignore_merges", false},
            {"vocab", vocab},
            {"merges", ordered_json::array()}}}};
}

constexpr const char* kBaseJob = R"(name: base
output: runs
device: cpu
threads: 2
model: {base: scratch, dtype: float32, from_scratch: true}
data: {train: [{path: solved.jsonl}]}
prompt: {template: "Q: {question}\nA:"}
reward: {type: numeric}
sampler: {max_new_tokens: 6}
em: {iterations: 1}
train: {examples: solutions, epochs: 20, tokens_per_step: 128, learning_rate: 2.0e-2,
        lr_scheduler_type: constant, warmup_steps: 0, early_stop: none}
)";

constexpr const char* kTinyJob = R"(name: tiny
seed: 5
output: runs
device: cpu
threads: 2
model: {base: base, dtype: float32}
data:
  train: [{path: train.jsonl}]
  validation: [{path: validation.jsonl}]
  test: [{name: held-out, path: test.jsonl}, {name: seen, path: train.jsonl, limit: 5}]
prompt: {template: "Q: {question}\nA:"}
sampler: {samples_per_problem: 4, temperature: 1.0, top_k: 0, max_new_tokens: 6, stop: [], batch_tokens: 8}
reward: {type: numeric}
select: {max_correct_per_problem: 2, dedup: none}
em: {iterations: 2}
train: {epochs: 30, tokens_per_step: 48, micro_batch_tokens: 32, learning_rate: 1.0e-2, warmup_steps: 2,
        early_stop: reward, eval_every: 10, patience: 4, save_every: 4}
evaluate: {greedy: true, samples: 4, max_new_tokens: 6, k: [1, 2, 4], majority: 4}
control: random
)";

// Both answers to every number: what is to be learned from them is the form of an answer.
std::string Guesses() {
  std::string lines;
  for (int i = 0; i < 48; ++i) {
    lines += ordered_json{{"id", i},
                          {"question", std::to_string(10 + i / 2)},
                          {"answer", i % 2},
                          {"solution", " " + std::to_string(i % 2)}}
                 .dump() +
             "\n";
  }
  return lines;
}

}  // namespace

void WriteScratchModel(const std::string& dir) {
  const ordered_json config = {{"architectures", {"LlamaForCausalLM"}},
                               {"model_type", "llama"},
                               {"vocab_size", 264},  // more rows than tokens, as published models
                               {"hidden_size", 16},
                               {"intermediate_size", 32},
                               {"num_hidden_layers", 2},
                               {"num_attention_heads", 2},
                               {"num_key_value_heads", 1},
                               {"head_dim", 8},
                               {"hidden_act", "silu"},
                               {"max_position_embeddings", 64},
                               {"rms_norm_eps", 1e-5},
                               {"rope_theta", 10000.0},
                               {"initializer_range", 0.2},
                               {"tie_word_embeddings", true},
                               {"eos_token_id", kEosId},
                               {"torch_dtype", "float32"}};
  WriteText(dir + "/config.json", config.dump(2));
  WriteText(dir + "/generation_config.json", ordered_json{{"eos_token_id", kEosId}}.dump());
  WriteText(dir + "/tokenizer.json", TokenizerJson().dump());
}

std::string ParityProblems(int first, int count) {
  std::string lines;
  for (int number = first; number < first + count; ++number) {
    lines += ordered_json{{"id", "n" + std::to_string(number)},
                          {"question", std::to_string(number)},
                          {"answer", number % 2}}
                 .dump() +
             "\n";
  }
  return lines;
}

const std::string& TrainedBase() {
  // A folder of this process's own, since several test programs may run at once; it goes with it.
  struct Folder {
    std::string path =
        std::string(RESTEM_BINARY_DIR) + "/test-output/base-" + std::to_string(::getpid());
    ~Folder() {
      std::error_code ignored;
      fs::remove_all(path, ignored);
    }
  };
  static const Folder folder;
  static const std::string base = [] {
    const std::string& dir = folder.path;
    fs::remove_all(dir);
    WriteScratchModel(dir + "/scratch");
    WriteText(dir + "/solved.jsonl", Guesses());
    WriteText(dir + "/job.yaml", kBaseJob);
    const Outcome trained = Restem({"train", dir + "/job.yaml", "--iteration", "1"});
    EXPECT_EQ(trained.exit_code, 0) << trained.err;
    return dir + "/runs/base/iterations/01/checkpoint";
  }();
  return base;
}

std::string WriteTinyJob(const std::string& dir) {
  WriteText(dir + "/train.jsonl", ParityProblems(10, 12));
  WriteText(dir + "/validation.jsonl", ParityProblems(15, 10));
  WriteText(dir + "/test.jsonl", ParityProblems(60, 8));
  WriteText(dir + "/job.yaml", kTinyJob);
  fs::copy(TrainedBase(), dir + "/base", fs::copy_options::recursive);
  return dir + "/job.yaml";
}

}  // namespace restem::testing
