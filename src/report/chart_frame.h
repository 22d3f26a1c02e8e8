// What line and bar charts share: the figure around them, legends, and axes with round numbers.
#pragma once

#include <string>
#include <vector>

#include "report/chart.h"

namespace restem {

// The plot area inside the SVG's view box, in its units (px at full width).
struct Frame {
  double width = 560;
  double height = 320;
  double left = 50;
  double right = 14;
  double top = 16;
  double bottom = 44;

  double x(double share) const { return left + share * (width - left - right); }
  double y(double share) const { return height - bottom - share * (height - top - bottom); }
};

// An axis from `low` to `high` with ticks at round values.
struct Axis {
  double low = 0.0;
  double high = 1.0;
  double step = 0.25;
  double share(double value) const { return (value - low) / (high - low); }
  std::vector<double> ticks() const;
};

// About `ticks` steps of 1, 2 or 5 times a power of ten that cover low…high; from zero unless
// `fit`.
Axis MakeAxis(double low, double high, int ticks, bool fit);

// A tick's text, with as many digits as the step needs.
std::string TickText(double value, double step, Unit unit);

struct LegendEntry {
  std::string name;
  std::string colour;
  bool dashed = false;
  bool block = false;  // a filled square instead of a line
};
std::string Legend(const std::vector<LegendEntry>& entries);

// The figure: caption, note, legend, and the SVG with `marks` inside.
std::string Figure(const std::string& title,
                   const std::string& note,
                   const std::string& legend_html,
                   const Frame& frame,
                   const std::string& marks_html);

// Horizontal grid lines with their numbers.
std::string ValueGrid(const Frame& frame, const Axis& axis, Unit unit);

}  // namespace restem
