#include "eval/diversity.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace restem {
namespace {

TEST(Diversity, WhiteSpaceDoesNotMakeASolution) {
  EXPECT_EQ(NormalizedSolution("  3 +\n\t4 = 7 \n"), "3 + 4 = 7");
  EXPECT_EQ(NormalizedSolution(" \n"), "");
  EXPECT_NE(NormalizedSolution("3+4"), NormalizedSolution("3 +4"));
}

TEST(Diversity, CountsDifferentStrings) {
  const std::vector<std::string> items = {"a", "b", "a", ""};
  EXPECT_EQ(CountDistinct(items), 3);
  EXPECT_EQ(CountDistinct({}), 0);
}

TEST(Diversity, EntropyIsInBits) {
  const std::vector<std::string> agreed(8, "4");
  EXPECT_DOUBLE_EQ(EntropyBits(agreed), 0.0);
  EXPECT_FALSE(std::signbit(EntropyBits(agreed)));
  const std::vector<std::string> all_differ = {"1", "2", "3", "4", "5", "6", "7", "8"};
  EXPECT_DOUBLE_EQ(EntropyBits(all_differ), 3.0);
  const std::vector<std::string> uneven = {"1", "1", "1", "2"};  // -(3/4 log2 3/4 + 1/4 log2 1/4)
  EXPECT_NEAR(EntropyBits(uneven), 0.811278124459133, 1e-12);
  EXPECT_DOUBLE_EQ(EntropyBits({}), 0.0);
}

}  // namespace
}  // namespace restem
