#include "report/synthetic_run.h"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/random.h"
#include "eval/diversity.h"
#include "eval/evaluate.h"

namespace restem::testing {
namespace {

using nlohmann::ordered_json;

double Uniform(std::string_view name, int64_t index, uint64_t counter) {
  return RandomStream(5, StreamPurpose::kEval, 0, name, static_cast<uint64_t>(index))
      .uniform(counter);
}

// What a model knows: `skill` moves every problem's chance, `spread` how much its samples vary.
struct Model {
  std::string name;
  double skill;
  double spread;
};

class SetWriter {
 public:
  SetWriter(std::string set, int64_t problems, double ease)
      : set_(std::move(set)), problems_(problems), ease_(ease) {}

  SetResult write(const Model& model, const std::string& eval_dir) const {
    std::filesystem::create_directories(eval_dir);
    std::ofstream samples(eval_dir + "/samples.jsonl");
    std::ofstream verdicts(eval_dir + "/verdicts.jsonl");
    std::vector<ProblemEvaluation> evaluations;
    for (int64_t p = 0; p < problems_; ++p) {
      ProblemEvaluation evaluation{
          .id = fmt::format("{}:{}", set_, p + 1), .greedy = {}, .drawn = {}};
      const double difficulty = 7.5 * (Uniform(set_, p, 0) - 0.5);
      // The greedy completion is a little better than a draw.
      evaluation.greedy = judged(model, p, kGreedySample, difficulty - 0.35);
      for (int64_t s = 1; s <= 64; ++s) evaluation.drawn.push_back(judged(model, p, s, difficulty));
      write_greedy(evaluation, p, samples, verdicts);
      evaluations.push_back(std::move(evaluation));
    }
    const int64_t ks[] = {1, 2, 4, 8, 16, 32, 64};
    return *BuildSetResult(evaluations, ks, /*majority=*/64);
  }

 private:
  JudgedSample judged(const Model& model, int64_t p, int64_t s, double difficulty) const {
    const std::string stream = fmt::format("{} {} {}", set_, model.name, s);
    const double chance =
        1 / (1 + std::exp(-1.6 * (model.skill + ease_ - difficulty) / model.spread));
    const bool correct = Uniform(stream, p, 1) < chance;
    const auto answer =
        correct ? 12 + p % 9 : 40 + static_cast<int64_t>(model.spread * 6 * Uniform(stream, p, 2));
    const auto wording = static_cast<int64_t>(model.spread * 9 * Uniform(stream, p, 3));
    return {.sample = s,
            .verdict = correct ? VerdictKind::kCorrect : VerdictKind::kWrong,
            .extracted = std::to_string(answer),
            .solution = fmt::format("way {} to {}", wording, answer),
            .tokens = 24 + p % 7 + wording,
            .truncated = Uniform(stream, p, 4) < 0.01};
  }

  void write_greedy(const ProblemEvaluation& evaluation,
                    int64_t p,
                    std::ofstream& samples,
                    std::ofstream& verdicts) const {
    const JudgedSample& greedy = *evaluation.greedy;
    const std::string text = fmt::format("Start with {} apples. {} + {} = {}.\nThe answer is {}.",
                                         p % 9 + 3,
                                         p % 9 + 3,
                                         9,
                                         greedy.extracted,
                                         greedy.extracted);
    samples << ordered_json{{"problem", evaluation.id}, {"sample", 1}, {"text", "drawn"}}.dump()
            << '\n';
    samples << ordered_json{{"problem", evaluation.id}, {"sample", kGreedySample}, {"text", text}}
                   .dump()
            << '\n';
    const bool correct = greedy.verdict == VerdictKind::kCorrect;
    verdicts << ordered_json{{"problem", evaluation.id},
                             {"sample", kGreedySample},
                             {"verdict", ToString(greedy.verdict)},
                             {"extracted", greedy.extracted},
                             {"reason", correct ? "" : fmt::format("expected {}", 12 + p % 9)}}
                    .dump()
             << '\n';
  }

  std::string set_;
  int64_t problems_;
  double ease_;
};

class MetricsWriter {
 public:
  explicit MetricsWriter(const std::string& dir) : out_(dir + "/metrics.jsonl") {}

  void event(const char* name,
             int64_t iteration,
             const ordered_json& fields,
             double seconds = 1.0) {
    ordered_json line = {{"time", time_ += seconds}, {"event", name}, {"iteration", iteration}};
    line.update(fields);
    out_ << line.dump() << '\n';
  }

  void iteration(int64_t n) {
    const auto correct =
        static_cast<int64_t>(25'600 * (0.21 + 0.13 * std::sqrt(static_cast<double>(n - 1))));
    event("sample",
          n,
          {{"samples", 25'600},
           {"generated_tokens", 812'000 + 9'000 * n},
           {"prompt_tokens", 51'200},
           {"seconds", 31.4},
           {"tokens_per_second", 25'860.0}},
          31.4);
    event("score",
          n,
          {{"correct", correct}, {"wrong", 25'588 - correct}, {"error", 12}, {"seconds", 1.8}});
    event("select",
          n,
          {{"problems", 800},
           {"kept", 4'100 + 500 * n},
           {"capped", 190 + 85 * n},
           {"zero_correct", 215 - 48 * n},
           {"duplicates", 1'320 * n},
           {"truncated", 260}});
    train(n, "rest_em", 1.0);
    train(n, "control", 1.35);
    event("evaluate", n, {{"set", "svamp"}, {"seconds", 14.2}}, 14.2);
    event("evaluate", n, {{"set", "mawps"}, {"seconds", 7.9}}, 7.9);
  }

 private:
  void train(int64_t n, const std::string& arm, double level) {
    for (int64_t step = 1; step <= 300; ++step) {
      const double noise = 0.07 * (Uniform(arm, n, static_cast<uint64_t>(step)) - 0.5);
      const double loss = level * (0.34 - 0.03 * static_cast<double>(n) +
                                   0.8 * std::exp(-static_cast<double>(step) / 45)) +
                          noise;
      event("train_step",
            n,
            {{"step", step},
             {"loss", loss},
             {"learning_rate", 1e-3},
             {"grad_norm", 1.0},
             {"arm", arm}},
            0.1);
      if (step % 50 == 0) {
        const double reward = (arm == "control" ? 0.22 : 0.27 + 0.06 * static_cast<double>(n)) +
                              0.07 * (1 - std::exp(-static_cast<double>(step) / 90)) -
                              (step > 250 ? 0.015 : 0);
        event("validate", n, {{"step", step}, {"reward", reward}, {"arm", arm}});
      }
    }
    event("train",
          n,
          {{"steps", 300},
           {"seconds", 42.0},
           {"tokens", 1'220'000},
           {"tokens_per_second", 29'050.0},
           {"best_step", 250},
           {"arm", arm}});
  }

  std::ofstream out_;
  double time_ = 1'770'000'000.0;
};

constexpr const char* kJob = R"(name: word-problems
seed: 17
device: cpu
model: {{base: models/tiny, dtype: float32}}
data:
  train: [{{path: train.jsonl}}]
  test:
    - {{name: svamp, path: svamp.jsonl}}
    - {{path: data/mawps.jsonl}}
reward: {{type: expression}}
em: {{iterations: {}}}
control: random
)";

}  // namespace

void WriteSyntheticRun(const std::string& dir, const SyntheticOptions& options) {
  std::filesystem::create_directories(dir);
  std::ofstream(dir + "/job.yaml") << fmt::format(kJob, options.iterations);
  std::ofstream(dir + "/state.json") << ordered_json{
      {"stage", "done"},
      {"iteration", options.iterations},
      {"version", "0.1.0"}}.dump();
  const SetWriter svamp("svamp", options.problems, -0.6);
  const SetWriter mawps("mawps", options.problems / 2, 0.1);
  const auto write = [&](const Model& model, const std::string& iteration_dir) {
    EvalRecord record;
    record.sets["svamp"] = svamp.write(model, iteration_dir + "/eval/svamp");
    if (options.second_set)
      record.sets["mawps"] = mawps.write(model, iteration_dir + "/eval/mawps");
    (void)WriteEvalRecord(iteration_dir + "/eval.json", record);
  };
  MetricsWriter metrics(dir);
  write({"base", 0.0, 1.6}, dir + "/iterations/00");
  for (int64_t n = 1; n <= options.iterations; ++n) {
    metrics.iteration(n);
    const auto done = static_cast<double>(n);
    const std::string here = fmt::format("{}/iterations/{:02}", dir, n);
    write({fmt::format("model {}", n),
           0.75 * (1 - std::exp(-0.8 * done)) * 1.3,
           1.6 * std::pow(0.8, done)},
          here);
    write({fmt::format("control {}", n), 0.05, 1.5}, here + "/control");
  }
}

}  // namespace restem::testing
