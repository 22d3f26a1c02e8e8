// Memory and time of a training that 1, 2 and 4 processes of this machine share, beside what the
// design says: 16 bytes of each parameter divided by the ranks, and what every rank needs besides;
// and a step's time by trainer/step_time.h.
//
//   OMP_NUM_THREADS=1 build/release/tests/bench/sharding_bench
//
// What is predicted comes from this machine's rate of products, taken from the step of one process,
// and from its Gloo rings, measured by themselves. Processors do the transfers here, too: a step
// lies between the time with all of them beside the products and that with one after another.
//
// Anonymous memory at its highest, above what the process had before it took the model (which stays
// in a mapped file); the largest rank's. Tokens per second are of all ranks together: on one
// machine they share its cores.
#include <ATen/ops/zeros.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/file.h"
#include "comm/team.h"
#include "model/checkpoint.h"
#include "trainer/optimizer.h"
#include "trainer/plan.h"
#include "trainer/sharded_model.h"
#include "trainer/step_sums.h"
#include "trainer/step_time.h"

namespace restem {
namespace {

constexpr int64_t kHidden = 512;
constexpr int64_t kLayers = 16;
constexpr int64_t kVocab = 8192;
constexpr int64_t kMlp = 1536;
constexpr int64_t kTokens = 1024;  // of a step
constexpr int64_t kMicroBatchTokens = 256;
constexpr int kSteps = 4;

constexpr char kConfig[] = R"({{"architectures": ["LlamaForCausalLM"], "model_type": "llama",
  "vocab_size": {}, "hidden_size": {}, "intermediate_size": {}, "num_hidden_layers": {},
  "num_attention_heads": 8, "num_key_value_heads": 8, "head_dim": 64, "hidden_act": "silu",
  "max_position_embeddings": 1024, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
  "initializer_range": 0.02, "tie_word_embeddings": false, "eos_token_id": 1,
  "torch_dtype": "float32"}})";

double AnonymousBytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word != "RssAnon:") continue;
    double kilobytes = 0;
    status >> kilobytes;
    return kilobytes * 1024;
  }
  return 0;
}

// The highest that AnonymousBytes() gives while this is there.
class Highest {
 public:
  Highest() : thread_([this] { look(); }) {}
  double bytes() {
    end_ = true;
    if (thread_.joinable()) thread_.join();
    return highest_;
  }

 private:
  void look() {
    while (!end_) {
      highest_ = std::max(highest_, AnonymousBytes());
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
  std::atomic<bool> end_{false};
  double highest_ = 0;
  std::thread thread_;
};

std::vector<TrainingExample> Examples() {
  std::vector<TrainingExample> examples;
  for (int32_t i = 0; i < kTokens / 128; ++i) {
    TrainingExample example = {"p" + std::to_string(i), 0, {}, {}, 1.0};
    for (int32_t t = 0; t < 64; ++t) {
      example.prompt_tokens.push_back(2 + (37 * i + 11 * t) % 8000);
      example.tokens.push_back(2 + (91 * i + 13 * t) % 8000);
    }
    examples.push_back(std::move(example));
  }
  return examples;
}

struct Measured {
  double bytes = 0;
  double seconds = 0;  // of a step
  Link link = {1, 0};  // of one process, which sends nothing
};

constexpr double kLayerWeights = 4.0 * kHidden * kHidden + 3.0 * kHidden * kMlp;

double MedianSeconds(int rounds, const std::function<void()>& body) {
  std::vector<double> seconds;
  for (int i = 0; i < rounds; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    body();
    seconds.push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  std::ranges::nth_element(seconds, seconds.begin() + rounds / 2);
  return seconds[static_cast<size_t>(rounds / 2)];
}

// Of a ring of all ranks, one of which measures.
Link MeasureLink(Group& group) {
  const double n = static_cast<double>(group.size());
  const auto gather = [&](int64_t elements) {
    const at::Tensor whole = at::zeros({elements * group.size()}, at::kFloat);
    const at::Tensor part = at::zeros({elements}, at::kFloat);
    return MedianSeconds(15, [&] { group.all_gather(whole, part).wait().IgnoreError(); });
  };
  const double few = gather(1);
  const auto elements = static_cast<int64_t>(kLayerWeights / n);
  const double bytes = 4 * static_cast<double>(elements) * (n - 1);
  return {bytes / (gather(elements) - few), few / (n - 1)};
}

absl::StatusOr<Measured> Train(const std::string& dir,
                               bool recompute,
                               std::shared_ptr<Group> group) {
  const auto examples = Examples();
  TrainOptions options;
  options.tokens_per_step = kTokens;
  RESTEM_ASSIGN_OR_RETURN(Model start, LoadModel(dir, /*bfloat16=*/false));
  const double before = AnonymousBytes();
  Highest highest;
  RESTEM_ASSIGN_OR_RETURN(Mesh mesh, FormMesh(group, {}));
  RESTEM_ASSIGN_OR_RETURN(const auto sharded,
                          ShardedModel::make(start, {.recompute = recompute}, std::move(mesh)));
  ShardedModel& model = *sharded;
  start.weights = {};
  AdamW optimizer(model.slices(), options, /*lanes=*/1);
  std::vector<size_t> all(examples.size());
  for (size_t i = 0; i < all.size(); ++i) all[i] = i;
  const auto batches = PackStep(examples, all, kMicroBatchTokens);
  const auto begin = std::chrono::steady_clock::now();
  for (int step = 0; step < kSteps; ++step) {
    RESTEM_ASSIGN_OR_RETURN(const StepLoss loss, model.compute(batches, step));
    RESTEM_ASSIGN_OR_RETURN(
        const StepSums sums,
        SumOverRanks({.loss = loss}, model.slices(), model.gradients(), group.get()));
    optimizer.step(model.gradients(), sums.grad_norm, 1e-4);
    model.refresh();
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  Measured measured = {highest.bytes() - before, seconds.count() / kSteps};
  if (group != nullptr) measured.link = MeasureLink(*group);
  return measured;
}

// One process of `ranks`; writes what it has measured to `out`.
int Rank(int rank, int ranks, const std::string& dir, bool recompute, const std::string& out) {
  const auto run = [&]() -> absl::Status {
    RESTEM_ASSIGN_OR_RETURN(const auto team, Team::join({}));
    std::shared_ptr<Group> group;
    if (team != nullptr) {
      RESTEM_ASSIGN_OR_RETURN(const auto present, team->present());
      RESTEM_ASSIGN_OR_RETURN(group, team->form("bench", present));
    }
    RESTEM_ASSIGN_OR_RETURN(const Measured measured, Train(dir, recompute, group));
    std::ofstream(out + std::to_string(rank))
        << measured.bytes << " " << measured.seconds << " " << measured.link.bandwidth << " "
        << measured.link.latency;
    group.reset();
    return team == nullptr ? absl::OkStatus() : team->leave();
  };
  const absl::Status status = run();
  if (!status.ok()) fmt::print(stderr, "rank {} of {}: {}\n", rank, ranks, MessageOf(status));
  return status.ok() ? 0 : 1;
}

Measured Largest(int ranks, const std::string& dir, bool recompute) {
  const std::string out = dir + "/measured-";
  std::fflush(stdout);  // else each process has it to print
  ::setenv("WORLD_SIZE", std::to_string(ranks).c_str(), 1);
  ::setenv("MASTER_ADDR", "127.0.0.1", 1);
  ::setenv("MASTER_PORT",
           std::to_string(20000 + ::getpid() % 10000 + ranks + (recompute ? 8 : 0)).c_str(),
           1);
  std::vector<pid_t> children;
  for (int rank = 0; rank < ranks; ++rank) {
    ::setenv("RANK", std::to_string(rank).c_str(), 1);
    ::setenv("LOCAL_RANK", std::to_string(rank).c_str(), 1);
    const pid_t child = ::fork();
    if (child == 0) ::_exit(Rank(rank, ranks, dir, recompute, out));
    children.push_back(child);
  }
  Measured largest;
  for (int rank = 0; rank < ranks; ++rank) {
    int how = 0;
    ::waitpid(children[static_cast<size_t>(rank)], &how, 0);
    Measured measured;
    std::ifstream(out + std::to_string(rank)) >> measured.bytes >> measured.seconds >>
        measured.link.bandwidth >> measured.link.latency;
    if (how != 0) fmt::print(stderr, "rank {} of {} failed\n", rank, ranks);
    largest.bytes = std::max(largest.bytes, measured.bytes);
    largest.seconds = std::max(largest.seconds, measured.seconds);
    if (rank == 0) largest.link = measured.link;
  }
  return largest;
}

// What every rank needs, however many there are: the embedding, lm_head and two layers in one
// piece, as much again for the gradients of two units, and the activations of its micro-batches at
// the layers' borders.
double Constant(int ranks) {
  const double layer = kLayerWeights;
  const double ends = 1.0 * kVocab * kHidden;
  const double wholes = ranks == 1 ? 0.0 : ends + 2 * layer;  // both ends have one size
  const double gradients = ends + layer;
  const double borders = 1.0 * kTokens / ranks * kHidden * (kLayers + 1);
  return 4.0 * (wholes + gradients + borders);
}

// A step of the measured training by the model; `one` is what one process takes, without recompute.
// Seconds with all transfers beside the products, and with one after another.
std::pair<double, double> Predict(int ranks, bool recompute, const Measured& measured, double one) {
  const ModelShape model = {kLayers, kLayerWeights, 1.0 * kVocab * kHidden, kHidden};
  Layout layout = {.tokens = kTokens, .context = 64, .compute_bytes = 4};
  Cluster cluster = {.flops = 1, .memory_bandwidth = 1e10};
  const StepTime alone = PredictStep(model, layout, cluster);
  const double cores = std::min<double>(ranks, std::thread::hardware_concurrency()) / ranks;
  cluster.flops = alone.compute / (one - alone.update) * cores;
  cluster.node = cluster.network = measured.link;
  cluster.ranks_per_node = ranks;
  layout.ranks = layout.shards = ranks;
  layout.recompute = recompute;
  // A micro-batch at a time where activations are kept.
  layout.rounds = recompute ? 1 : std::ceil(1.0 * kTokens / kMicroBatchTokens / ranks);
  const StepTime step = PredictStep(model, layout, cluster);
  return {step.total(), step.total() + step.hidden};
}

}  // namespace
}  // namespace restem

int main() {
  using namespace restem;
  const std::string dir = fmt::format(
      "{}/sharding_bench-{}", std::filesystem::temp_directory_path().string(), ::getpid());
  std::filesystem::create_directories(dir);
  std::ofstream(dir + "/config.json") << fmt::format(kConfig, kVocab, kHidden, kMlp, kLayers);
  double parameters = 0;
  {
    // In a process of its own: those that are forked later inherit none of it.
    const pid_t child = ::fork();
    if (child == 0) {
      auto model = InitializeModel(dir, /*seed=*/1);
      ::_exit(model.ok() && SaveModel(*model, /*bfloat16=*/false, dir + "/model").ok() ? 0 : 1);
    }
    int how = 0;
    ::waitpid(child, &how, 0);
    parameters = static_cast<double>(ReadModelConfig(dir)->parameter_count());
  }
  spdlog::set_level(spdlog::level::warn);
  fmt::print("{:.1f} million parameters, float32, {} tokens a step\n", parameters / 1e6, kTokens);
  fmt::print(
      "ranks  recompute  16 B x parameters / ranks  and stated  MB measured  tokens/s  s a step, "
      "by the model\n");
  double one = 0;
  for (const bool recompute : {false, true}) {
    for (const int ranks : {1, 2, 4}) {
      const Measured largest = Largest(ranks, dir + "/model", recompute);
      if (one == 0) one = largest.seconds;
      const auto [beside, in_turn] = Predict(ranks, recompute, largest, one);
      fmt::print(
          "{:5}  {:9}  {:22.0f} MB  {:7.0f} MB  {:11.0f}  {:8.0f}  {:8.2f}, {:.2f} to {:.2f}\n",
          ranks,
          recompute ? "yes" : "no",
          16.0 * parameters / ranks / 1e6,
          (16.0 * parameters / ranks + Constant(ranks)) / 1e6,
          largest.bytes / 1e6,
          kTokens / largest.seconds,
          largest.seconds,
          beside,
          in_turn);
    }
  }
  std::filesystem::remove_all(dir);
  return 0;
}
