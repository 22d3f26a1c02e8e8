#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "report/chart_frame.h"
#include "report/format.h"
#include "report/markup.h"

namespace restem {
namespace {

std::vector<LegendEntry> Blocks(const std::vector<std::string>& names,
                                const std::vector<std::string>& colours) {
  std::vector<LegendEntry> legend;
  for (size_t s = 0; s < names.size(); ++s)
    legend.push_back({names[s], colours[s], /*dashed=*/false, /*block=*/true});
  return legend;
}

std::string Bar(const Frame& frame,
                const Axis& axis,
                const ChartPoint& bar,
                const std::string& colour,
                double x,
                double width) {
  const double y = frame.y(axis.share(bar.y));
  std::string marks = fmt::format(
      "<g class=\"bar\"><title>{}</title><rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" "
      "height=\"{:.1f}\" rx=\"2\" "
      "fill=\"var(--{})\"/>",
      Escape(bar.tip),
      x,
      y,
      width,
      std::max(frame.y(0) - y, 1.0),
      colour);
  if (width >= 24) {
    marks += fmt::format(
        "<text class=\"value\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>",
        x + width / 2,
        y - 6,
        Decimal(100 * bar.y, 0));
  }
  return marks + "</g>";
}

// One row's parts from left to right, each with its number where there is room.
std::string StackedBar(const StackedChart& chart,
                       const StackedRow& row,
                       const Frame& frame,
                       double top,
                       double height) {
  const double total = std::accumulate(row.parts.begin(), row.parts.end(), 0.0);
  std::string marks;
  double before = 0.0;
  for (size_t s = 0; s < row.parts.size(); ++s) {
    const double share = total > 0 ? row.parts[s] / total : 0.0;
    const double x = frame.x(before);
    const double width = frame.x(before + share) - x;
    before += share;
    if (width <= 0) continue;
    const std::string number = Count(static_cast<int64_t>(row.parts[s]));
    marks += fmt::format(
        "<g class=\"bar\"><title>{}: {} ({})</title><rect x=\"{:.1f}\" y=\"{:.1f}\" "
        "width=\"{:.1f}\" height=\"{:.1f}\" rx=\"2\" fill=\"var(--{})\"/>",
        Escape(chart.series[s]),
        number,
        Percent(share),
        x,
        top,
        std::max(width - 2, 1.0),
        height,
        chart.colours[s]);
    if (width > 9.0 * static_cast<double>(number.size()) + 6) {
      marks += fmt::format(
          "<text class=\"inside\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>",
          x + width / 2 - 1,
          top + height / 2 + 5,
          number);
    }
    marks += "</g>";
  }
  return marks;
}

}  // namespace

std::string Render(const BarChart& chart) {
  if (chart.groups.empty()) return "";
  const Frame frame{.top = 20, .bottom = 50};
  double highest = 0.0;
  for (const BarGroup& group : chart.groups) {
    for (const ChartPoint& bar : group.bars) highest = std::max(highest, bar.y);
  }
  Axis axis = MakeAxis(0.0, std::max(highest, 0.05), /*ticks=*/5, /*fit=*/false);
  axis.high = std::min(axis.high, 1.0);
  std::string marks = ValueGrid(frame, axis, Unit::kPercent);
  const double slot = (frame.x(1) - frame.x(0)) / static_cast<double>(chart.groups.size());
  const double gap = 3.0;
  for (size_t g = 0; g < chart.groups.size(); ++g) {
    const BarGroup& group = chart.groups[g];
    const double centre = frame.x(0) + (static_cast<double>(g) + 0.5) * slot;
    const auto count = static_cast<double>(std::max<size_t>(group.bars.size(), 1));
    const double width = std::min(46.0, 0.8 * slot / count - gap);
    double x = centre - (count * width + (count - 1) * gap) / 2;
    for (size_t b = 0; b < group.bars.size() && !group.empty; ++b, x += width + gap) {
      marks += Bar(frame, axis, group.bars[b], chart.colours[b], x, width);
    }
    marks += fmt::format(
        "<text x=\"{0:.1f}\" y=\"{1:.1f}\" text-anchor=\"middle\" class=\"value\">{2}</text>"
        "<text x=\"{0:.1f}\" y=\"{3:.1f}\" text-anchor=\"middle\">{4}</text>",
        centre,
        frame.y(0) + 20,
        Escape(group.label),
        frame.y(0) + 38,
        Escape(group.note));
  }
  return Figure(chart.title, chart.note, Legend(Blocks(chart.series, chart.colours)), frame, marks);
}

std::string Render(const StackedChart& chart) {
  if (chart.rows.empty()) return "";
  // Few rows are drawn taller, so that the figure fills its place beside others.
  const double slot = std::clamp(250.0 / static_cast<double>(chart.rows.size()), 40.0, 104.0);
  const Frame frame{.height = slot * static_cast<double>(chart.rows.size()) + 8,
                    .left = 92,
                    .top = 4,
                    .bottom = 4};
  std::string marks;
  double top = frame.top;
  for (const StackedRow& row : chart.rows) {
    marks += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>",
                         frame.left - 10,
                         top + slot / 2 + 5,
                         Escape(row.label));
    marks += StackedBar(chart, row, frame, top + 4, slot - 8);
    top += slot;
  }
  return Figure(chart.title, chart.note, Legend(Blocks(chart.series, chart.colours)), frame, marks);
}

}  // namespace restem
