#include "config/nearest.h"

#include <gtest/gtest.h>

#include <vector>

namespace restem::config {
namespace {

TEST(EditDistance, CountsEdits) {
  EXPECT_EQ(EditDistance("", ""), 0);
  EXPECT_EQ(EditDistance("", "abc"), 3);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3);
  EXPECT_EQ(EditDistance("epohcs", "epochs"), 1);  // a swap is one edit
  EXPECT_EQ(EditDistance("ca", "abc"), 3);         // but swapped letters are not edited again
  EXPECT_EQ(EditDistance("learning_rat", "learning_rate"), 1);
}

TEST(Nearest, IsGivenOnlyWhenNear) {
  const std::vector<std::string> keys = {"learning_rate", "epochs", "k", "temperature"};
  EXPECT_EQ(Nearest("learning_rat", keys), "learning_rate");
  EXPECT_EQ(Nearest("epoch", keys), "epochs");
  EXPECT_EQ(Nearest("tempreature", keys), "temperature");
  EXPECT_EQ(Nearest("lr", keys), "");
  EXPECT_EQ(Nearest(std::string(100000, 'x'), keys), "");
}

}  // namespace
}  // namespace restem::config
