// Every reward type is listed although no file names it: the archive is linked whole.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reward/verifier.h"

namespace restem {
namespace {

TEST(Registry, ListsEveryTypeSortedWithHelp) {
  std::vector<std::string> names;
  for (const VerifierType& type : VerifierTypes()) {
    names.emplace_back(type.name);
    EXPECT_FALSE(type.help.empty()) << type.name;
    EXPECT_NE(type.make_spec(), nullptr) << type.name;
  }
  EXPECT_THAT(names,
              testing::ElementsAre("all",
                                   "any",
                                   "choice",
                                   "code",
                                   "command",
                                   "contains",
                                   "exact",
                                   "expression",
                                   "http",
                                   "math",
                                   "not",
                                   "numeric",
                                   "regex"));
}

}  // namespace
}  // namespace restem
