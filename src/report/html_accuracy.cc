#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "eval/statistics.h"
#include "report/chart.h"
#include "report/format.h"
#include "report/html_sections.h"
#include "report/markup.h"

namespace restem {
namespace {

// ---- pass@1 by iteration ----

ChartPoint AccuracyPoint(int64_t iteration, const SetResult& set, const std::string& what) {
  const double pass = PassAtOne(set).value_or(0.0);
  ChartPoint point{
      .x = static_cast<double>(iteration), .y = pass, .low = {}, .high = {}, .tip = ""};
  point.tip = fmt::format("{}: {}", what, Percent(pass));
  if (set.pass_at_1 && set.problems > 0) {
    const auto solved = static_cast<int64_t>(pass * static_cast<double>(set.problems) + 0.5);
    const Interval interval = WilsonInterval(solved, set.problems);
    point.low = interval.low;
    point.high = interval.high;
    point.tip += fmt::format(" ({} of {} problems; 95% interval {} to {})",
                             Count(solved),
                             Count(set.problems),
                             Percent(interval.low),
                             Percent(interval.high));
  }
  return point;
}

// A test set's line, or that of its control, which starts at the base too.
ChartSeries AccuracySeries(const RunReport& report,
                           const std::string& name,
                           size_t index,
                           bool control) {
  ChartSeries series;
  series.name = control ? name + ", random control" : name;
  series.colour = fmt::format("c{}", index % 6);
  series.dashed = control;
  series.show_values = !control && report.sets.size() == 1;
  for (const IterationReport& iteration : report.iterations) {
    const bool use_control = control && iteration.iteration > 0;
    const SetResult* set = FindSet(use_control ? iteration.control_eval : iteration.eval, name);
    if (set == nullptr || !PassAtOne(*set)) continue;
    const std::string what =
        fmt::format("{}, {}", IterationLabel(iteration.iteration), series.name);
    series.points.push_back(AccuracyPoint(iteration.iteration, *set, what));
  }
  if (control && series.points.size() < 2) series.points.clear();
  return series;
}

// Whether pass@1 is of greedy completions; else it is estimated from drawn samples.
bool IsGreedy(const RunReport& report) {
  for (const IterationReport& iteration : report.iterations) {
    if (!iteration.eval) continue;
    for (const auto& [name, set] : iteration.eval->sets) return set.pass_at_1.has_value();
  }
  return true;
}

std::string AccuracyFigure(const RunReport& report) {
  LineChart chart{.title = "pass@1 by iteration",
                  .note = fmt::format("{} on problems never trained on. Bars: Wilson's 95% "
                                      "interval of each accuracy.",
                                      IsGreedy(report) ? "Greedy decoding" : "Drawn samples"),
                  .x_label = "iteration",
                  .y_unit = Unit::kPercent,
                  .x_integers = true,
                  .x_base = true,
                  .series = {}};
  for (size_t i = 0; i < report.sets.size(); ++i) {
    chart.series.push_back(AccuracySeries(report, report.sets[i], i, /*control=*/false));
    chart.series.push_back(AccuracySeries(report, report.sets[i], i, /*control=*/true));
  }
  return Render(chart);
}

// ---- The table of a test set ----

std::vector<int64_t> TableKs(const RunReport& report, const std::string& name) {
  std::set<int64_t> ks;
  for (const IterationReport& iteration : report.iterations) {
    const SetResult* set = FindSet(iteration.eval, name);
    if (set == nullptr) continue;
    for (const auto& [k, value] : set->pass_at_k) ks.insert(k);
  }
  const std::vector<int64_t> all(ks.begin(), ks.end());
  if (all.size() <= 3) return all;
  return {all.front(), all[all.size() / 2], all.back()};
}

std::vector<std::string> TableHeader(const std::vector<int64_t>& ks) {
  std::vector<std::string> header = {
      "", "pass@1", "gain", "95% interval", "McNemar p", "gained", "lost"};
  for (const int64_t k : ks) header.push_back(k == 1 ? "drawn pass@1" : fmt::format("pass@{}", k));
  header.insert(header.end(), {"majority", "mean tokens"});
  return header;
}

std::vector<Cell> TableRow(const std::string& label,
                           const SetResult& set,
                           const SetComparison* versus_base,
                           const std::vector<int64_t>& ks) {
  const auto pass = PassAtOne(set);
  std::vector<Cell> cells = {label, pass ? Percent(*pass) : ""};
  const PairedDifference* gain = versus_base == nullptr ? nullptr : MainDifference(*versus_base);
  if (gain != nullptr) {
    cells.emplace_back(Points(gain->difference()), GainStyle(*gain));
    cells.emplace_back(PointsInterval(gain->interval), "quiet");
  } else {
    cells.insert(cells.end(), 2, Cell(""));
  }
  if (versus_base != nullptr && versus_base->greedy) {  // counted on greedy completions
    cells.emplace_back(PValue(versus_base->mcnemar_p), "quiet");
    cells.emplace_back(Count(static_cast<int64_t>(versus_base->gained.size())));
    cells.emplace_back(Count(static_cast<int64_t>(versus_base->lost.size())));
  } else {
    cells.insert(cells.end(), 3, Cell(""));
  }
  for (const int64_t k : ks) {
    const auto it = set.pass_at_k.find(k);
    cells.emplace_back(it == set.pass_at_k.end() ? "" : Percent(it->second));
  }
  cells.emplace_back(set.maj_at_k.empty() ? "" : Percent(set.maj_at_k.rbegin()->second));
  cells.emplace_back(set.drawn ? Decimal(set.drawn->mean_tokens, 1) : "");
  return cells;
}

std::string SetTable(const RunReport& report,
                     const RunAnalysis& analysis,
                     const std::string& name) {
  int64_t problems = 0;
  for (const IterationReport& iteration : report.iterations) {
    if (const SetResult* set = FindSet(iteration.eval, name)) problems = set->problems;
  }
  const std::vector<int64_t> ks = TableKs(report, name);
  HtmlTable table(fmt::format("{}: {} problems", name, Count(problems)), TableHeader(ks));
  const IterationAnalysis none;
  for (const IterationReport& iteration : report.iterations) {
    const IterationAnalysis* found = FindAnalysis(analysis, iteration.iteration);
    const IterationAnalysis& compared = found == nullptr ? none : *found;
    if (const SetResult* set = FindSet(iteration.eval, name)) {
      table.add_row(TableRow(IterationLabel(iteration.iteration),
                             *set,
                             FindComparison(compared.versus_base, name),
                             ks),
                    analysis.best == iteration.iteration ? "best" : "");
    }
    if (const SetResult* set = FindSet(iteration.control_eval, name)) {
      table.add_row(
          TableRow("random control", *set, FindComparison(compared.control_versus_base, name), ks),
          "control");
    }
  }
  return table.empty() ? "" : fmt::format("<div class=\"card\">{}</div>", table.render());
}

}  // namespace

std::string PassAtKFigure(const RunReport& report, const std::string& name) {
  LineChart chart{.title = report.sets.size() > 1 ? fmt::format("pass@k, {}", name) : "pass@k",
                  .note =
                      "Unbiased, from drawn samples. A curve that crosses the base's at large k "
                      "has lost variety.",
                  .x_label = "k, samples per problem",
                  .x_scale = Scale::kLog2,
                  .y_unit = Unit::kPercent,
                  .series = {}};
  for (const IterationReport& iteration : report.iterations) {
    const SetResult* set = FindSet(iteration.eval, name);
    if (set == nullptr || set->pass_at_k.size() < 2) continue;
    ChartSeries series;
    series.name = IterationLabel(iteration.iteration);
    series.colour = IterationColour(iteration.iteration);
    for (const auto& [k, value] : set->pass_at_k) {
      series.points.push_back(
          {.x = static_cast<double>(k),
           .y = value,
           .low = {},
           .high = {},
           .tip = fmt::format("{}: pass@{} {}", series.name, k, Percent(value))});
    }
    chart.series.push_back(std::move(series));
  }
  return Render(chart);
}

std::string DifficultyFigure(const RunReport& report,
                             const RunAnalysis& analysis,
                             const std::string& name) {
  BarChart chart{.title = report.sets.size() > 1 ? fmt::format("Which difficulty gains, {}", name)
                                                 : "Which difficulty gains",
                 .note = "pass@1 by the share of the base's own samples that solved the problem.",
                 .series = {},
                 .colours = {},
                 .groups = {}};
  for (const auto& [number, iteration] : analysis.iterations) {
    const SetComparison* comparison = FindComparison(iteration.versus_base, name);
    if (comparison == nullptr || comparison->bins.empty()) continue;
    const bool first = chart.series.empty();
    if (first) {
      chart.series.push_back("Base");
      chart.colours.push_back(IterationColour(0));
    }
    chart.series.push_back(IterationLabel(number));
    chart.colours.push_back(IterationColour(number));
    chart.groups.resize(comparison->bins.size());
    for (size_t b = 0; b < comparison->bins.size(); ++b) {
      const DifficultyBin& bin = comparison->bins[b];
      chart.groups[b].label = bin.label;
      chart.groups[b].empty = bin.problems == 0;
      chart.groups[b].note =
          fmt::format("{} problem{}", Count(bin.problems), bin.problems == 1 ? "" : "s");
      const auto bar = [&](const std::string& side, int64_t correct) {
        const double share = bin.problems == 0
                                 ? 0.0
                                 : static_cast<double>(correct) / static_cast<double>(bin.problems);
        chart.groups[b].bars.push_back({.x = 0.0,
                                        .y = share,
                                        .low = {},
                                        .high = {},
                                        .tip = fmt::format("{}, base solves {}: {} ({} of {})",
                                                           side,
                                                           bin.label,
                                                           Percent(share),
                                                           correct,
                                                           bin.problems)});
      };
      if (first) bar("Base", bin.a_correct);
      bar(IterationLabel(number), bin.b_correct);
    }
  }
  return Render(chart);
}

std::string AccuracySection(const RunReport& report, const RunAnalysis& analysis) {
  std::string figures = AccuracyFigure(report) + TrainTestFigure(report);
  std::string tables;
  for (const std::string& set : report.sets) tables += SetTable(report, analysis, set);
  if (tables.empty()) return "";
  for (const std::string& set : report.sets) {
    figures += PassAtKFigure(report, set) + DifficultyFigure(report, analysis, set);
  }
  return Section(
      "Held-out accuracy",
      "Gains are points of pass@1 over the base on the same problems, in colour where the paired "
      "95% "
      "interval excludes zero.",
      fmt::format("<div class=\"stack\">{}</div><div class=\"grid\">{}</div>", tables, figures));
}

}  // namespace restem
