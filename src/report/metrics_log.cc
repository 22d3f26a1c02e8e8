// metrics.jsonl -> RunReport. Later events of the same iteration (and step) replace earlier ones.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "report/run_report.h"

namespace restem {
namespace {

using nlohmann::json;

template <typename Number>
Number Get(const json& event, const char* key) {
  const auto it = event.find(key);
  return it != event.end() && it->is_number() ? it->get<Number>() : Number{};
}

int64_t Int(const json& event, const char* key) { return Get<int64_t>(event, key); }
double Real(const json& event, const char* key) { return Get<double>(event, key); }

std::string Text(const json& event, const char* key) {
  const auto it = event.find(key);
  return it != event.end() && it->is_string() ? it->get<std::string>() : "";
}

IterationReport& At(RunReport& report, int64_t iteration) {
  const auto place =
      std::lower_bound(report.iterations.begin(),
                       report.iterations.end(),
                       iteration,
                       [](const IterationReport& r, int64_t n) { return r.iteration < n; });
  if (place != report.iterations.end() && place->iteration == iteration) return *place;
  IterationReport fresh;
  fresh.iteration = iteration;
  return *report.iterations.insert(place, std::move(fresh));
}

// Points are kept by step.
template <typename Point>
void Put(std::vector<Point>& points, Point point) {
  const auto place =
      std::lower_bound(points.begin(), points.end(), point.step, [](const Point& p, int64_t s) {
        return p.step < s;
      });
  if (place != points.end() && place->step == point.step) {
    *place = point;
  } else {
    points.insert(place, point);
  }
}

void AddTraining(const json& e, std::string_view event, TrainingReport& training) {
  if (event == "train_step") {
    Put(training.losses,
        LossPoint{Int(e, "step"), Real(e, "loss"), Real(e, "learning_rate"), Real(e, "grad_norm")});
  } else if (event == "validate") {
    training.validated_by_reward = e.contains("reward");
    const char* score = training.validated_by_reward ? "reward" : "logprob";
    Put(training.validations, ValidationPoint{Int(e, "step"), Real(e, score)});
  } else {
    training.totals = TrainStats{.steps = Int(e, "steps"),
                                 .best_step = Int(e, "best_step"),
                                 .tokens = Int(e, "tokens"),
                                 .seconds = Real(e, "seconds"),
                                 .tokens_per_second = Real(e, "tokens_per_second")};
  }
}

void AddEvent(const json& e, RunReport& report) {
  const double time = Real(e, "time");
  if (report.started == 0.0) report.started = time;
  report.last_event = std::max(report.last_event, time);
  const std::string event = Text(e, "event");
  if (event == "skip") {
    report.notes.push_back(fmt::format(
        "{}: {} problems were skipped, since the model's context does not hold their prompts",
        Text(e, "set"),
        Int(e, "skipped")));
    return;
  }
  IterationReport& iteration = At(report, Int(e, "iteration"));
  if (event == "sample") {
    iteration.sampling = SampleStats{.samples = Int(e, "samples"),
                                     .cancelled = Int(e, "cancelled"),
                                     .generated_tokens = Int(e, "generated_tokens"),
                                     .prompt_tokens = Int(e, "prompt_tokens"),
                                     .seconds = Real(e, "seconds"),
                                     .tokens_per_second = Real(e, "tokens_per_second")};
  } else if (event == "score") {
    iteration.scoring =
        ScoreStats{Int(e, "correct"), Int(e, "wrong"), Int(e, "error"), Real(e, "seconds")};
  } else if (event == "select") {
    iteration.selection = SelectionCounts{.problems = Int(e, "problems"),
                                          .kept = Int(e, "kept"),
                                          .capped = Int(e, "capped"),
                                          .zero_correct = Int(e, "zero_correct"),
                                          .duplicates = Int(e, "duplicates"),
                                          .truncated = Int(e, "truncated")};
  } else if (event == "train_step" || event == "validate" || event == "train") {
    AddTraining(
        e, event, Text(e, "arm") == "control" ? iteration.control_training : iteration.training);
  } else if (event == "evaluate") {
    if (Text(e, "arm") != "control")
      iteration.evaluate_seconds[Text(e, "set")] = Real(e, "seconds");
  }
}

// Who reads the table of training data must know that it is no fair draw.
void AddBiasNote(RunReport& report) {
  int64_t kept = 0;
  int64_t cancelled = 0;
  for (const IterationReport& iteration : report.iterations) {
    if (!iteration.sampling) continue;
    kept += iteration.sampling->samples;
    cancelled += iteration.sampling->cancelled;
  }
  if (cancelled == 0) return;
  report.notes.push_back(
      fmt::format("sampler.stop_at_correct cancelled {} of {} training samples: their share of "
                  "correct ones and their lengths lean towards problems that are rarely solved",
                  cancelled,
                  kept + cancelled));
}

}  // namespace

void AddMetrics(std::string_view jsonl, RunReport& report) {
  int64_t skipped = 0;
  while (!jsonl.empty()) {
    const size_t end = std::min(jsonl.find('\n'), jsonl.size());
    const std::string_view line = jsonl.substr(0, end);
    jsonl.remove_prefix(std::min(end + 1, jsonl.size()));
    if (line.empty()) continue;
    const json event = json::parse(line, nullptr, /*allow_exceptions=*/false);
    const bool usable = event.is_object() && event.contains("iteration") &&
                        event["iteration"].is_number_integer() && event["iteration"] >= 0;
    if (usable) {
      AddEvent(event, report);
    } else {
      ++skipped;
    }
  }
  if (skipped > 0)
    report.notes.push_back(fmt::format("metrics.jsonl: {} unreadable lines were skipped", skipped));
  AddBiasNote(report);
}

}  // namespace restem
