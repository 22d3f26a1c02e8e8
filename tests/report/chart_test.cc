#include "report/chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/chart_frame.h"

namespace restem {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Axis, RoundTicksCoverTheData) {
  const Axis axis = MakeAxis(0.03, 0.47, 5, /*fit=*/false);
  EXPECT_DOUBLE_EQ(axis.low, 0.0);
  EXPECT_DOUBLE_EQ(axis.high, 0.5);
  EXPECT_THAT(axis.ticks(), ::testing::SizeIs(6));
  EXPECT_EQ(TickText(axis.ticks()[3], axis.step, Unit::kPercent), "30%");
  const Axis fitted = MakeAxis(1.21, 1.38, 5, /*fit=*/true);
  EXPECT_LE(fitted.low, 1.21);
  EXPECT_GE(fitted.high, 1.38);
  EXPECT_GT(fitted.low, 1.1);
  EXPECT_EQ(TickText(1.25, 0.05, Unit::kPlain), "1.25");
  EXPECT_EQ(TickText(20'000, 10'000, Unit::kPlain), "20.0k");
}

TEST(Axis, AConstantStillHasARange) {
  const Axis axis = MakeAxis(0.0, 0.0, 5, /*fit=*/false);
  EXPECT_GT(axis.high, axis.low);
  const Axis fitted = MakeAxis(2.0, 2.0, 5, /*fit=*/true);
  EXPECT_GT(fitted.high, fitted.low);
}

LineChart OneLine() {
  return {.title = "t",
          .note = "",
          .x_label = "k",
          .x_scale = Scale::kLog2,
          .y_unit = Unit::kPercent,
          .series = {{.name = "base",
                      .colour = "i0",
                      .points = {{1, 0.25, {}, {}, "one"}, {64, 0.5, {}, {}, "many"}}}}};
}

TEST(LineChart, LogTicksArePowersOfTwo) {
  const std::string svg = Render(OneLine());
  for (const char* tick : {">1<", ">2<", ">4<", ">32<", ">64<"}) EXPECT_THAT(svg, HasSubstr(tick));
  EXPECT_THAT(svg, Not(HasSubstr(">128<")));
  EXPECT_THAT(svg, HasSubstr("<title>many</title>"));
}

TEST(LineChart, HigherValuesAreDrawnHigher) {
  const std::string svg = Render(OneLine());
  const auto y_of = [&](const char* tip) {
    const size_t at = svg.find("cy=\"", svg.find(std::string("<title>") + tip));
    return std::stod(svg.substr(at + 4));
  };
  EXPECT_GT(y_of("one"), y_of("many"));
}

TEST(LineChart, WithoutPointsThereIsNoFigure) {
  LineChart chart = OneLine();
  chart.series[0].points.clear();
  EXPECT_EQ(Render(chart), "");
  EXPECT_EQ(Render(BarChart{}), "");
  EXPECT_EQ(Render(StackedChart{}), "");
}

TEST(BarChart, HeightsAreInProportion) {
  const BarChart chart{.title = "t",
                       .note = "",
                       .series = {"a"},
                       .colours = {"c0"},
                       .groups = {{"g", "", false, {{0, 0.2, {}, {}, ""}}},
                                  {"none", "", true, {{0, 0.0, {}, {}, ""}}},
                                  {"h", "", false, {{0, 0.8, {}, {}, ""}}}}};
  const std::string svg = Render(chart);
  std::vector<double> heights;
  for (size_t at = svg.find("<rect"); at != std::string::npos; at = svg.find("<rect", at + 1)) {
    heights.push_back(std::stod(svg.substr(svg.find("height=\"", at) + 8)));
  }
  ASSERT_EQ(heights.size(), 2U);
  EXPECT_NEAR(heights[1] / heights[0], 4.0, 0.02);
}

}  // namespace
}  // namespace restem
