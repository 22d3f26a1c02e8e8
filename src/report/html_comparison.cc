// `restem compare --html`.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "report/chart.h"
#include "report/format.h"
#include "report/html.h"
#include "report/html_sections.h"
#include "report/markup.h"

namespace restem {
namespace {

std::vector<Cell> MetricRow(const std::string& metric, const PairedDifference& d) {
  return {metric,
          Percent(d.a),
          Percent(d.b),
          Cell(Points(d.difference()), GainStyle(d)),
          Cell(PointsInterval(d.interval), "quiet")};
}

std::string MetricsTable(const std::string& name, const SetComparison& set) {
  HtmlTable table(fmt::format("{}: {} problems", name, Count(set.problems)),
                  {"", "first", "second", "points", "95% interval"});
  if (set.greedy) table.add_row(MetricRow("pass@1, greedy", *set.greedy), "best");
  for (const auto& [k, difference] : set.pass_at_k) {
    table.add_row(MetricRow(k == 1 ? "pass@1, drawn" : fmt::format("pass@{}", k), difference));
  }
  if (set.majority) table.add_row(MetricRow("majority vote", *set.majority));
  std::string discordant;
  if (set.greedy) {
    discordant = fmt::format("<p class=\"reason\">Gained {}, lost {}; McNemar's exact p {}.</p>",
                             Count(static_cast<int64_t>(set.gained.size())),
                             Count(static_cast<int64_t>(set.lost.size())),
                             Escape(PValue(set.mcnemar_p)));
  }
  return fmt::format("<div class=\"card\">{}{}</div>", table.render(), discordant);
}

std::string PassAtKCurves(const SetComparison& set) {
  LineChart chart{.title = "pass@k",
                  .note = "",
                  .x_label = "k, samples per problem",
                  .x_scale = Scale::kLog2,
                  .y_unit = Unit::kPercent,
                  .series = {}};
  if (set.pass_at_k.size() < 2) return "";
  for (const bool second : {false, true}) {
    ChartSeries series{
        .name = second ? "second" : "first", .colour = second ? "c0" : "i0", .points = {}};
    for (const auto& [k, d] : set.pass_at_k) {
      const double y = second ? d.b : d.a;
      series.points.push_back({.x = static_cast<double>(k),
                               .y = y,
                               .low = {},
                               .high = {},
                               .tip = fmt::format("{}: pass@{} {}", series.name, k, Percent(y))});
    }
    chart.series.push_back(std::move(series));
  }
  return Render(chart);
}

std::string BinsChart(const SetComparison& set) {
  BarChart chart{.title = "Which difficulty gains",
                 .note = "pass@1 by the share of the first's own samples that solved the problem.",
                 .series = {"first", "second"},
                 .colours = {"i0", "c0"},
                 .groups = {}};
  for (const DifficultyBin& bin : set.bins) {
    const auto bar = [&](const char* side, int64_t correct) {
      const double share = bin.problems == 0
                               ? 0.0
                               : static_cast<double>(correct) / static_cast<double>(bin.problems);
      return ChartPoint{.x = 0.0,
                        .y = share,
                        .low = {},
                        .high = {},
                        .tip = fmt::format("{}: {} of {}", side, correct, bin.problems)};
    };
    chart.groups.push_back(
        {std::string(bin.label),
         fmt::format("{} problem{}", Count(bin.problems), bin.problems == 1 ? "" : "s"),
         bin.problems == 0,
         {bar("first", bin.a_correct), bar("second", bin.b_correct)}});
  }
  return Render(chart);
}

std::string IdList(const char* what, const std::vector<std::string>& ids) {
  if (ids.empty()) return "";
  return fmt::format("<details class=\"card\"><summary>{} ({})</summary><pre>{}</pre></details>",
                     what,
                     ids.size(),
                     Escape(fmt::format("{}", fmt::join(ids, "\n"))));
}

// "runs/quickstart:2/control" -> "quickstart:2/control": the folders above the run are said below
// the heading.
std::string ShortLabel(std::string_view label) {
  const size_t colon = std::min(label.rfind(':'), label.size());
  const size_t slash = label.substr(0, colon).rfind('/');
  return std::string(slash == std::string_view::npos ? label : label.substr(slash + 1));
}

}  // namespace

std::string RenderComparisonHtml(const Comparison& comparison) {
  std::string body =
      "<header><p class=\"kind\">ReST-EM comparison</p>\n<h1>Paired comparison</h1></header>\n";
  for (const ComparedPair& pair : comparison.pairs) {
    std::string sets;
    for (const auto& [name, set] : pair.sets) {
      sets += fmt::format("<div class=\"stack\">{}</div><div class=\"grid\">{}{}</div>{}{}",
                          MetricsTable(name, set),
                          PassAtKCurves(set),
                          BinsChart(set),
                          IdList("Problems gained", set.gained),
                          IdList("Problems lost", set.lost));
    }
    body += Section(fmt::format("{} → {}", ShortLabel(pair.a), ShortLabel(pair.b)),
                    fmt::format("First: {}. Second: {}.", pair.a, pair.b),
                    sets);
  }
  body += fmt::format("<footer>Points: second minus first. Intervals: {}.</footer>\n",
                      Escape(kIntervalMethod));
  return Page("restem compare", /*iterations=*/1, body);
}

}  // namespace restem
