// What each iteration learned from, and what that did to variety.
#include <fmt/format.h>

#include <algorithm>

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

}  // namespace

// The model that iteration N samples from is that of N-1, so the share belongs there.
std::string TrainTestFigure(const RunReport& report) {
  LineChart chart{.title = "Train against test",
                  .note =
                      "Share of drawn samples that are correct, by the model that drew them. "
                      "Sampling settings may "
                      "differ between the two, so watch the trend of the gap, not its size.",
                  .x_label = "model after iteration",
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

}  // namespace restem
