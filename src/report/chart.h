// Charts as inline SVG inside a <figure>, drawn here: no script, colours from the page's style
// sheet, a tooltip
// (<title>) at every mark. All text is escaped by the renderer.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace restem {

struct ChartPoint {
  double x = 0.0;
  double y = 0.0;
  std::optional<double> low;  // ends of an error bar
  std::optional<double> high;
  std::string tip;  // tooltip
};

struct ChartSeries {
  std::string name;    // for the legend
  std::string colour;  // a variable of the style sheet: "c0"… for things, "i0"… for iterations
  bool dashed = false;
  bool markers = true;             // a mark at each point; otherwise the line alone, thin
  bool show_values = false;        // the value beside each mark
  std::vector<ChartPoint> points;  // by x; none has a non-finite coordinate
};

enum class Scale { kLinear, kLog2 };
enum class Unit { kPlain, kPercent };  // percent: y is a share

struct LineChart {
  std::string title;
  std::string note;  // a sentence below the title
  std::string x_label;
  Scale x_scale = Scale::kLinear;
  Unit y_unit = Unit::kPlain;
  bool x_integers = false;  // a tick at every integer x that fits
  bool x_base = false;      // the tick 0 reads "base"
  bool fit_y = false;       // the y axis need not hold zero
  std::vector<ChartSeries> series;
};

// Empty if no series has a point.
std::string Render(const LineChart& chart);

// Bars side by side, from zero; y in [0, 1].
struct BarGroup {
  std::string label;
  std::string note;              // second line of the label
  bool empty = false;            // nothing was counted here: no bars, rather than bars of zero
  std::vector<ChartPoint> bars;  // one per series; x is not used
};
struct BarChart {
  std::string title;
  std::string note;
  std::vector<std::string> series;   // names
  std::vector<std::string> colours;  // of the series
  std::vector<BarGroup> groups;
};
std::string Render(const BarChart& chart);

// Parts of a whole, one horizontal bar per row.
struct StackedRow {
  std::string label;
  std::vector<double> parts;  // one per series, not negative
};
struct StackedChart {
  std::string title;
  std::string note;
  std::vector<std::string> series;
  std::vector<std::string> colours;
  std::vector<StackedRow> rows;
};
std::string Render(const StackedChart& chart);

}  // namespace restem
