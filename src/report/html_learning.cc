// What each iteration learned from, what that did to variety, and how training went.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/chart.h"
#include "report/format.h"
#include "report/html_sections.h"
#include "report/markup.h"

namespace restem {
namespace {

std::string SelectionFigure(const RunReport& report) {
  StackedChart chart{
      .title = "Training problems by what their samples gave",
      .note =
          "Unsolved problems teach nothing; capped ones had more correct samples than are kept.",
      .series = {"no correct sample", "all correct samples kept", "at the cap"},
      .colours = {"c5", "c0", "c2"},
      .rows = {}};
  for (const IterationReport& iteration : report.iterations) {
    if (!iteration.selection || iteration.selection->problems == 0) continue;
    const SelectionCounts& counts = *iteration.selection;
    const int64_t between =
        std::max<int64_t>(counts.problems - counts.zero_correct - counts.capped, 0);
    chart.rows.push_back({IterationLabel(iteration.iteration),
                          {static_cast<double>(counts.zero_correct),
                           static_cast<double>(between),
                           static_cast<double>(counts.capped)}});
  }
  return Render(chart);
}

std::string DiversityFigure(const RunReport& report,
                            const std::string& title,
                            const std::string& note,
                            double DrawnStats::*member) {
  LineChart chart{.title = title,
                  .note = note,
                  .x_label = "iteration",
                  .y_label = title,
                  .x_integers = true,
                  .x_base = true,
                  .series = {}};
  for (size_t i = 0; i < report.sets.size(); ++i) {
    ChartSeries series{.name = report.sets[i],
                       .colour = fmt::format("c{}", i % 6),
                       .show_values = report.sets.size() == 1,
                       .points = {}};
    for (const IterationReport& iteration : report.iterations) {
      const SetResult* set = FindSet(iteration.eval, report.sets[i]);
      if (set == nullptr || !set->drawn) continue;
      const double value = (*set->drawn).*member;
      series.points.push_back({.x = static_cast<double>(iteration.iteration),
                               .y = value,
                               .low = {},
                               .high = {},
                               .tip = fmt::format("{}: {}", report.sets[i], Decimal(value, 2))});
    }
    chart.series.push_back(std::move(series));
  }
  return Render(chart);
}

// At most kMost points, each the mean of its neighbours: thousands of steps would hide the line in
// its own noise.
std::vector<ChartPoint> Thinned(const std::vector<LossPoint>& losses) {
  constexpr size_t kMost = 240;
  const size_t bucket = (losses.size() + kMost - 1) / kMost;
  std::vector<ChartPoint> points;
  for (size_t begin = 0; begin < losses.size(); begin += bucket) {
    const size_t end = std::min(begin + bucket, losses.size());
    double sum = 0.0;
    for (size_t i = begin; i < end; ++i) sum += losses[i].loss;
    const double loss = sum / static_cast<double>(end - begin);
    if (!std::isfinite(loss)) continue;
    points.push_back({.x = static_cast<double>(losses[end - 1].step),
                      .y = loss,
                      .low = {},
                      .high = {},
                      .tip = ""});
  }
  return points;
}

std::vector<ChartPoint> ValidationPoints(const TrainingReport& training) {
  std::vector<ChartPoint> points;
  for (const ValidationPoint& point : training.validations) {
    if (!std::isfinite(point.score)) continue;
    const std::string score =
        training.validated_by_reward ? Percent(point.score) : Decimal(point.score, 3);
    points.push_back({.x = static_cast<double>(point.step),
                      .y = point.score,
                      .low = {},
                      .high = {},
                      .tip = fmt::format("step {}: {}", Count(point.step), score)});
  }
  return points;
}

LineChart ValidationChart(const RunReport& report) {
  const bool by_reward = std::all_of(report.iterations.begin(),
                                     report.iterations.end(),
                                     [](const auto& i) { return i.training.validated_by_reward; });
  return {.title = by_reward ? "Validation reward" : "Validation log-probability",
          .note = by_reward
                      ? "Share of validation problems solved; the best step's weights are kept."
                      : "Mean per token; the best step's weights are kept.",
          .x_label = "optimizer step",
          .y_label = "score",
          .y_unit = by_reward ? Unit::kPercent : Unit::kPlain,
          .fit_y = !by_reward,
          .series = {}};
}

// A line per iteration, and a dashed one for its control.
template <typename Points>
std::string StepFigure(const RunReport& report,
                       LineChart chart,
                       bool markers,
                       const Points& points_of) {
  for (const IterationReport& iteration : report.iterations) {
    for (const bool control : {false, true}) {
      ChartSeries series;
      series.name = IterationLabel(iteration.iteration) + (control ? ", control" : "");
      series.colour = IterationColour(std::max<int64_t>(iteration.iteration, 1));
      series.dashed = control;
      series.markers = markers;
      series.points = points_of(control ? iteration.control_training : iteration.training);
      chart.series.push_back(std::move(series));
    }
  }
  return Render(chart);
}

std::string LearningTable(const RunReport& report) {
  HtmlTable table("The training set of each iteration",
                  {"",
                   "samples",
                   "correct",
                   "errors",
                   "truncated",
                   "duplicates",
                   "kept",
                   "problems",
                   "capped",
                   "unsolved"});
  for (const IterationReport& iteration : report.iterations) {
    if (!iteration.sampling && !iteration.scoring && !iteration.selection) continue;
    const auto& scoring = iteration.scoring;
    const auto& selection = iteration.selection;
    const bool scored = scoring && scoring->total() > 0;
    const auto of = [&](int64_t SelectionCounts::*member) {
      return selection ? Count((*selection).*member) : std::string();
    };
    table.add_row({IterationLabel(iteration.iteration),
                   iteration.sampling ? Count(iteration.sampling->samples) : "",
                   scored ? Percent(static_cast<double>(scoring->correct) /
                                    static_cast<double>(scoring->total()))
                          : "",
                   scored ? Count(scoring->error) : "",
                   of(&SelectionCounts::truncated),
                   of(&SelectionCounts::duplicates),
                   of(&SelectionCounts::kept),
                   of(&SelectionCounts::problems),
                   of(&SelectionCounts::capped),
                   of(&SelectionCounts::zero_correct)});
  }
  return table.empty() ? "" : fmt::format("<div class=\"card\">{}</div>", table.render());
}

double EvaluateSeconds(const IterationReport& iteration) {
  double seconds = 0.0;
  for (const auto& [set, value] : iteration.evaluate_seconds) seconds += value;
  return seconds;
}

std::string TimeTable(const RunReport& report) {
  HtmlTable table("Time and throughput",
                  {"",
                   "sampling",
                   "tokens drawn",
                   "tokens/s",
                   "scoring",
                   "training",
                   "steps",
                   "best step",
                   "tokens trained",
                   "tokens/s",
                   "evaluation"});
  for (const IterationReport& iteration : report.iterations) {
    const auto& sampling = iteration.sampling;
    const auto& training = iteration.training.totals;
    const double evaluating = EvaluateSeconds(iteration);
    if (!sampling && !training && evaluating == 0.0) continue;
    table.add_row({IterationLabel(iteration.iteration),
                   sampling ? Duration(sampling->seconds) : "",
                   sampling ? Count(sampling->generated_tokens) : "",
                   sampling ? Rate(sampling->tokens_per_second) : "",
                   iteration.scoring ? Duration(iteration.scoring->seconds) : "",
                   training ? Duration(training->seconds) : "",
                   training ? Count(training->steps) : "",
                   training && training->best_step > 0 ? Count(training->best_step) : "",
                   training ? Count(training->tokens) : "",
                   training ? Rate(training->tokens_per_second) : "",
                   evaluating > 0.0 ? Duration(evaluating) : ""});
  }
  return table.empty() ? ""
                       : fmt::format("<div class=\"stack\"><div class=\"card\">{}</div></div>",
                                     table.render());
}

}  // namespace

// The model that iteration N samples from is that of N-1, so the share belongs there.
std::string TrainTestFigure(const RunReport& report) {
  LineChart chart{.title = "Train against test",
                  .note =
                      "Share of drawn samples that are correct, by the model that drew them. "
                      "Sampling settings may "
                      "differ between the two, so watch the trend of the gap, not its size.",
                  .x_label = "model after iteration",
                  .y_label = "correct samples",
                  .y_unit = Unit::kPercent,
                  .x_integers = true,
                  .x_base = true,
                  .series = {}};
  ChartSeries train{.name = "training problems", .colour = "c3", .points = {}};
  for (const IterationReport& iteration : report.iterations) {
    if (!iteration.scoring || iteration.scoring->total() == 0) continue;
    const double share = static_cast<double>(iteration.scoring->correct) /
                         static_cast<double>(iteration.scoring->total());
    train.points.push_back({.x = static_cast<double>(iteration.iteration - 1),
                            .y = share,
                            .low = {},
                            .high = {},
                            .tip = fmt::format("training problems: {} of {} samples correct ({})",
                                               Count(iteration.scoring->correct),
                                               Count(iteration.scoring->total()),
                                               Percent(share))});
  }
  chart.series.push_back(std::move(train));
  for (size_t i = 0; i < report.sets.size(); ++i) {
    ChartSeries test{.name = report.sets[i], .colour = fmt::format("c{}", i % 3), .points = {}};
    for (const IterationReport& iteration : report.iterations) {
      const SetResult* set = FindSet(iteration.eval, report.sets[i]);
      if (set == nullptr || !set->pass_at_k.contains(1)) continue;
      const double share = set->pass_at_k.at(1);
      test.points.push_back({.x = static_cast<double>(iteration.iteration),
                             .y = share,
                             .low = {},
                             .high = {},
                             .tip = fmt::format("{}: {}", report.sets[i], Percent(share))});
    }
    chart.series.push_back(std::move(test));
  }
  return Render(chart);
}

std::string LearningSection(const RunReport& report, const RunAnalysis&) {
  const std::string table = LearningTable(report);
  const std::string figures =
      SelectionFigure(report) +
      DiversityFigure(report,
                      "Distinct solutions per problem",
                      "Different texts among the drawn samples of a test problem, mean.",
                      &DrawnStats::distinct_solutions) +
      DiversityFigure(
          report,
          "Answer entropy",
          "Bits, over the answers of a test problem's drawn samples, mean. 0: all agree.",
          &DrawnStats::answer_entropy) +
      DiversityFigure(report,
                      "Completion length",
                      "Tokens per drawn sample of a test problem, mean.",
                      &DrawnStats::mean_tokens);
  if (table.empty() && figures.empty()) return "";
  return Section(
      "What it learned from",
      "Each iteration samples the training problems with the model before it and keeps what the "
      "reward accepts.",
      fmt::format("<div class=\"stack\">{}</div><div class=\"grid\">{}</div>", table, figures));
}

std::string TrainingSection(const RunReport& report) {
  const LineChart loss{.title = "Training loss",
                       .note = "Negative log-likelihood per weighted token, nats.",
                       .x_label = "optimizer step",
                       .y_label = "loss",
                       .fit_y = true,
                       .series = {}};
  const std::string figures =
      StepFigure(report,
                 loss,
                 /*markers=*/false,
                 [](const TrainingReport& t) { return Thinned(t.losses); }) +
      StepFigure(report, ValidationChart(report), /*markers=*/true, ValidationPoints);
  const std::string table = TimeTable(report);
  if (figures.empty() && table.empty()) return "";
  return Section("Training", "", fmt::format("<div class=\"grid\">{}</div>{}", figures, table));
}

}  // namespace restem
