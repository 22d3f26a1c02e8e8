// How the M-steps went: loss, validation, time.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/chart.h"
#include "report/format.h"
#include "report/html_sections.h"
#include "report/markup.h"

namespace restem {
namespace {

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

std::string TrainingSection(const RunReport& report) {
  const LineChart loss{.title = "Training loss",
                       .note = "Negative log-likelihood per weighted token, nats.",
                       .x_label = "optimizer step",
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
