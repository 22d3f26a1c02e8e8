#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "report/chart_frame.h"
#include "report/format.h"
#include "report/markup.h"

namespace restem {
namespace {

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  void hold(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

class LinePlot {
 public:
  explicit LinePlot(const LineChart& chart) : chart_(chart) {
    Range y;
    for (const ChartSeries& series : chart.series) {
      for (const ChartPoint& point : series.points) {
        x_.hold(scaled(point.x));
        for (const double value :
             {point.y, point.low.value_or(point.y), point.high.value_or(point.y)})
          y.hold(value);
      }
    }
    // Zero stays in view unless the chart may be fitted, or everything lies far above it.
    const bool fit = chart.fit_y || y.low > 0.6 * y.high;
    y_ = MakeAxis(y.low, y.high, /*ticks=*/5, fit);
    if (chart.y_unit == Unit::kPercent) y_.high = std::min(y_.high, std::max(1.0, y.high));
    if (x_.low == x_.high) {
      x_.low -= 0.5;
      x_.high += 0.5;
    }
    // Marks at the very edge would touch the axis.
    const double room = 0.04 * (x_.high - x_.low);
    const bool marked = std::any_of(
        chart.series.begin(), chart.series.end(), [](const auto& s) { return s.markers; });
    if (marked) x_ = {x_.low - room, x_.high + room};
  }

  std::string render() const {
    std::string marks = ValueGrid(frame_, y_, chart_.y_unit) + x_axis();
    // Solid lines are drawn over dashed ones.
    for (const bool dashed : {true, false}) {
      for (size_t s = 0; s < chart_.series.size(); ++s) {
        if (chart_.series[s].dashed == dashed) marks += series(chart_.series[s], dodge(s));
      }
    }
    std::vector<LegendEntry> legend;
    for (const ChartSeries& s : chart_.series)
      legend.push_back({s.name, s.colour, s.dashed, /*block=*/false});
    return Figure(chart_.title, chart_.note, Legend(legend), frame_, marks);
  }

 private:
  double scaled(double x) const { return chart_.x_scale == Scale::kLog2 ? std::log2(x) : x; }
  double px(double x) const { return frame_.x((scaled(x) - x_.low) / (x_.high - x_.low)); }
  double py(double y) const { return frame_.y(y_.share(y)); }

  // Error bars of different series at the same x are moved apart.
  double dodge(size_t s) const {
    const bool whiskers =
        std::any_of(chart_.series.begin(), chart_.series.end(), [](const ChartSeries& series) {
          return std::any_of(series.points.begin(), series.points.end(), [](const auto& p) {
            return p.low.has_value();
          });
        });
    return whiskers ? 5.0 * (static_cast<double>(s) -
                             0.5 * static_cast<double>(chart_.series.size() - 1))
                    : 0.0;
  }

  std::vector<double> x_ticks() const {
    std::vector<double> ticks;
    if (chart_.x_scale == Scale::kLog2) {
      for (double e = std::ceil(x_.low); e <= x_.high; ++e) ticks.push_back(std::exp2(e));
      return ticks;
    }
    Axis axis = MakeAxis(x_.low, x_.high, /*ticks=*/6, /*fit=*/true);
    if (chart_.x_integers && axis.step < 1.0) axis = {std::floor(x_.low), std::ceil(x_.high), 1.0};
    for (const double tick : axis.ticks()) {
      if (tick >= x_.low - 1e-9 && tick <= x_.high + 1e-9) ticks.push_back(tick);
    }
    return ticks;
  }

  std::string x_axis() const {
    const double y = frame_.y(0);
    std::string marks = fmt::format(
        "<path class=\"axis\" d=\"M{:.1f} {:.1f}H{:.1f}\"/>", frame_.x(0), y, frame_.x(1));
    const std::vector<double> ticks = x_ticks();
    const double step = ticks.size() > 1 ? ticks[1] - ticks[0] : 1.0;
    for (const double tick : ticks) {
      const std::string text =
          chart_.x_base && tick == 0.0 ? "base" : TickText(tick, step, Unit::kPlain);
      marks += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>",
                           px(tick),
                           y + 19,
                           text);
    }
    return marks + fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>",
                               frame_.x(0.5),
                               frame_.height - 4,
                               Escape(chart_.x_label));
  }

  std::string series(const ChartSeries& series, double shift) const {
    if (series.points.empty()) return "";
    std::string path;
    for (const ChartPoint& point : series.points) {
      path += fmt::format(
          "{}{:.1f} {:.1f}", path.empty() ? "M" : "L", px(point.x) + shift, py(point.y));
    }
    std::string marks = fmt::format(
        "<path class=\"line{}{}\" stroke=\"var(--{})\" d=\"{}\"><title>{}</title></path>",
        series.markers ? "" : " thin",
        series.dashed ? " dashed" : "",
        series.colour,
        path,
        Escape(series.name));
    for (const ChartPoint& point : series.points) {
      if (series.markers) marks += mark(series, point, shift);
    }
    return marks;
  }

  std::string mark(const ChartSeries& series, const ChartPoint& point, double shift) const {
    const double x = px(point.x) + shift;
    const double y = py(point.y);
    std::string marks = fmt::format("<g class=\"point\"><title>{}</title>", Escape(point.tip));
    if (point.low && point.high) {
      const double top = py(*point.high);
      const double bottom = py(*point.low);
      marks += fmt::format(
          "<path class=\"whisker\" stroke=\"var(--{0})\" fill=\"none\" "
          "d=\"M{1:.1f} {3:.1f}V{4:.1f}M{2:.1f} {3:.1f}h8M{2:.1f} {4:.1f}h8\"/>",
          series.colour,
          x,
          x - 4,
          top,
          bottom);
    }
    marks += fmt::format("<circle class=\"hit\" cx=\"{0:.1f}\" cy=\"{1:.1f}\" r=\"12\"/>", x, y);
    marks += series.dashed ? fmt::format(
                                 "<circle class=\"dot hollow\" cx=\"{:.1f}\" cy=\"{:.1f}\" "
                                 "r=\"3.6\" stroke=\"var(--{})\"/>",
                                 x,
                                 y,
                                 series.colour)
                           : fmt::format(
                                 "<circle class=\"dot\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4.2\" "
                                 "fill=\"var(--{})\"/>",
                                 x,
                                 y,
                                 series.colour);
    if (series.show_values) marks += value(point, x, y);
    return marks + "</g>";
  }

  // Beside the mark, where neither its error bar nor, mostly, the line passes.
  std::string value(const ChartPoint& point, double x, double y) const {
    const std::string text =
        chart_.y_unit == Unit::kPercent ? Percent(point.y) : Decimal(point.y, 2);
    const bool at_end = x > frame_.x(0.8);
    return fmt::format(
        "<text class=\"value\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>",
        at_end ? x - 9 : x + 9,
        at_end ? y - 9 : y + 17,
        at_end ? "end" : "start",
        text);
  }

  const LineChart& chart_;
  const Frame frame_;
  Range x_;
  Axis y_;
};

}  // namespace

std::string Render(const LineChart& chart) {
  LineChart shown = chart;
  std::erase_if(shown.series, [](const ChartSeries& series) { return series.points.empty(); });
  return shown.series.empty() ? "" : LinePlot(shown).render();
}

}  // namespace restem
