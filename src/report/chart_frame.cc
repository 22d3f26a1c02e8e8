#include "report/chart_frame.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/format.h"
#include "report/markup.h"

namespace restem {

std::vector<double> Axis::ticks() const {
  std::vector<double> values;
  const auto count = static_cast<int>(std::lround((high - low) / step));
  for (int i = 0; i <= count; ++i) values.push_back(low + i * step);
  return values;
}

Axis MakeAxis(double low, double high, int ticks, bool fit) {
  if (!fit) low = std::min(low, 0.0);
  if (!(high > low)) high = low + 1.0;
  const double raw = (high - low) / ticks;
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  double step = 10.0 * power;
  for (const double factor : {5.0, 2.0, 1.0}) {
    if (factor * power >= raw * (1 - 1e-9)) step = factor * power;
  }
  return {.low = std::floor(low / step + 1e-9) * step,
          .high = std::ceil(high / step - 1e-9) * step,
          .step = step};
}

std::string TickText(double value, double step, Unit unit) {
  const double scale = unit == Unit::kPercent ? 100.0 : 1.0;
  const int digits =
      std::clamp(static_cast<int>(std::ceil(-std::log10(step * scale) - 1e-9)), 0, 6);
  const bool large = unit == Unit::kPlain && digits == 0 && std::abs(value) >= 10'000;
  const std::string text = large ? Rate(value) : Decimal(scale * value, digits);
  return unit == Unit::kPercent ? fmt::format("{}%", text) : text;
}

std::string Legend(const std::vector<LegendEntry>& entries) {
  if (entries.size() < 2) return "";
  std::string html = "<ul class=\"legend\">";
  for (const LegendEntry& entry : entries) {
    const std::string swatch =
        entry.block
            ? fmt::format("<rect x=\"6\" width=\"10\" height=\"10\" rx=\"2\" fill=\"var(--{})\"/>",
                          entry.colour)
            : fmt::format("<path class=\"line{}\" d=\"M1 5H21\" stroke=\"var(--{})\"/>",
                          entry.dashed ? " dashed" : "",
                          entry.colour);
    html += fmt::format("<li><svg viewBox=\"0 0 22 10\" aria-hidden=\"true\">{}</svg>{}</li>",
                        swatch,
                        Escape(entry.name));
  }
  return html + "</ul>";
}

std::string Figure(const std::string& title,
                   const std::string& note,
                   const std::string& legend_html,
                   const Frame& frame,
                   const std::string& marks_html) {
  return fmt::format(
      "<figure class=\"card\"><figcaption>{0}</figcaption>{1}{2}\n"
      "<svg viewBox=\"0 0 {3:.0f} {4:.0f}\" role=\"img\" aria-label=\"{0}\">{5}</svg></figure>\n",
      Escape(title),
      note.empty() ? "" : fmt::format("<p class=\"sub\">{}</p>", Escape(note)),
      legend_html,
      frame.width,
      frame.height,
      marks_html);
}

std::string ValueGrid(const Frame& frame, const Axis& axis, Unit unit) {
  std::string marks;
  for (const double tick : axis.ticks()) {
    const double y = frame.y(axis.share(tick));
    marks += fmt::format(
        "<path class=\"gridline\" d=\"M{:.1f} {:.1f}H{:.1f}\"/>"
        "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>",
        frame.x(0),
        y,
        frame.x(1),
        frame.x(0) - 8,
        y + 4.5,
        TickText(tick, axis.step, unit));
  }
  return marks;
}

}  // namespace restem
