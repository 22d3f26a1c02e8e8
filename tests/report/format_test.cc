#include "report/format.h"

#include <gtest/gtest.h>

#include "report/table.h"

namespace restem {
namespace {

TEST(Format, Numbers) {
  EXPECT_EQ(Percent(0.4137), "41.4%");
  EXPECT_EQ(Points(0.1834), "+18.3");
  EXPECT_EQ(Points(-0.02), "−2.0");
  EXPECT_EQ(Points(-0.0001), "0.0");
  EXPECT_EQ(Points(0.0001), "0.0");
  EXPECT_EQ(PointsInterval({-0.013, 0.05}), "−1.3 to +5.0");
  EXPECT_EQ(Count(7), "7");
  EXPECT_EQ(Count(123456), "123,456");
  EXPECT_EQ(Count(-1234567), "−1,234,567");
  EXPECT_EQ(Rate(812.4), "812");
  EXPECT_EQ(Rate(12345.6), "12.3k");
  EXPECT_EQ(Rate(3.2e6), "3.2M");
  EXPECT_EQ(PValue(0.0004), "< 0.001");
  EXPECT_EQ(PValue(0.0312), "0.031");
}

TEST(Format, Times) {
  EXPECT_EQ(Duration(0.42), "0.4 s");
  EXPECT_EQ(Duration(59.6), "1 min 00 s");
  EXPECT_EQ(Duration(185), "3 min 05 s");
  EXPECT_EQ(Duration(7620), "2 h 07 min");
  EXPECT_EQ(UtcTime(0), "1970-01-01 00:00 UTC");
}

TEST(TextTable, AlignsByWidthAndDropsEmptyColumns) {
  TextTable table({"", "gain", "never", "n"});
  table.add_row({"base", "", "", "300"});
  table.add_row({"übung", "−2.0", "", "1"});
  EXPECT_EQ(table.render(),
            "         gain    n\n"
            "  ─────  ────  ───\n"
            "  base         300\n"
            "  übung  −2.0    1\n");
}

}  // namespace
}  // namespace restem
