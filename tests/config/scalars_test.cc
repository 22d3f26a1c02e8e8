#include "config/scalars.h"

#include <gtest/gtest.h>

namespace restem::config {
namespace {

TEST(ToInteger, IsStrict) {
  EXPECT_EQ(ToInteger("0"), 0);
  EXPECT_EQ(ToInteger("-12"), -12);
  EXPECT_EQ(ToInteger("+12"), 12);
  EXPECT_EQ(ToInteger("9223372036854775807"), std::numeric_limits<int64_t>::max());
  for (const char* text : {"",
                           "-",
                           "+",
                           "+-1",
                           "1.0",
                           "1e3",
                           "010",
                           "0x10",
                           "1_000",
                           " 1",
                           "1 ",
                           "9223372036854775808"}) {
    EXPECT_EQ(ToInteger(text), std::nullopt) << text;
  }
}

TEST(ToReal, TakesDecimalNumbers) {
  EXPECT_EQ(ToReal("1.0e-5"), 1e-5);
  EXPECT_EQ(ToReal("1e-05"), 1e-5);
  EXPECT_EQ(ToReal("3"), 3.0);
  EXPECT_EQ(ToReal("+.5"), 0.5);
  EXPECT_EQ(ToReal("-2.5E+3"), -2500.0);
  for (const char* text :
       {"", ".", "e5", "inf", "nan", ".inf", "1e999", "0x1p3", "1,5", "1.0f", "--1"}) {
    EXPECT_EQ(ToReal(text), std::nullopt) << text;
  }
}

TEST(ToBytes, KnowsUnits) {
  EXPECT_EQ(ToBytes("4096"), 4096);
  EXPECT_EQ(ToBytes("4GB"), 4000000000);
  EXPECT_EQ(ToBytes("512MiB"), 536870912);
  EXPECT_EQ(ToBytes("1.5 KiB"), 1536);
  EXPECT_EQ(ToBytes("2TB"), 2000000000000);
  for (const char* text : {"", "0", "-1GB", "GB", "4gb", "4Gi", "1e30GB", "0.1"}) {
    EXPECT_EQ(ToBytes(text), std::nullopt) << text;
  }
}

TEST(FormatText, QuotesWhatCouldBeReadAsSomethingElse) {
  EXPECT_EQ(FormatText("word-problems_2.x"), "word-problems_2.x");
  EXPECT_EQ(FormatText("/a/b.c"), "/a/b.c");
  for (const char* text :
       {"", "5", "true", "No", "null", "a b", "a:b", "-x", "~", ".5", "a#b", "{a}"}) {
    EXPECT_EQ(FormatText(text), '"' + std::string(text) + '"') << text;
  }
  EXPECT_EQ(FormatText("a\n\"b\""), R"("a\n\"b\"")");
}

TEST(ResolvePath, IsAbsoluteAndNormal) {
  EXPECT_EQ(*ResolvePath("a/../b/", "/jobs"), "/jobs/b");
  EXPECT_EQ(*ResolvePath("..", "/jobs/x"), "/jobs");
  EXPECT_EQ(*ResolvePath(".", "/jobs"), "/jobs");
  EXPECT_EQ(*ResolvePath("/", "/jobs"), "/");
  EXPECT_EQ(*ResolvePath("", "/jobs"), "");
  EXPECT_EQ(*ResolvePath("a/../b", ""), "a/../b");
  EXPECT_EQ(*ResolvePath(EscapePath("/x/${y}$${z}"), "/"), "/x/${y}$${z}");
}

}  // namespace
}  // namespace restem::config
