// The newest tokens of running samples, and copies of pages; on a GPU or on the host executor.
#include "kernels/newest_tokens.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "kernels/copy_page.h"
#include "kernels/device_array.h"

namespace restem::testing {
namespace {

namespace cuda = kernels::cuda;

class NewestTokensTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!HasDevice()) GTEST_SKIP() << "no CUDA device";
  }
};

TEST_F(NewestTokensTest, AreTheHostsOrTheSlots) {
  DeviceArray<int32_t> given({7, -1, -1, -1, 9});
  DeviceArray<int32_t> slots({0, 2, 1, -1, -1});  // slot 1 has ended, row 3 is none
  DeviceArray<int32_t> wanted({10, 11, 12, 13, 14});
  DeviceArray<int32_t> newest({100, -1, 102});
  DeviceArray<int32_t> tokens(size_t{5});
  DeviceArray<int32_t> positions(size_t{5});
  EXPECT_STREQ(cuda::TakeNewest({5, given.data(), slots.data(), wanted.data()},
                                newest.data(),
                                tokens.data(),
                                positions.data(),
                                nullptr),
               nullptr);
  EXPECT_EQ(tokens.host(), (std::vector<int32_t>{7, 102, -1, -1, 9}));
  EXPECT_EQ(positions.host(), (std::vector<int32_t>{10, 11, -1, -1, 14}));
}

TEST_F(NewestTokensTest, EndWithAnyEndTokenAndStayEnded) {
  const size_t rows = 300;  // more than a block
  std::vector<int32_t> of_rows(rows);
  for (size_t i = 0; i < rows; ++i) of_rows[i] = static_cast<int32_t>(rows - 1 - i);
  of_rows[5] = -1;
  std::vector<int32_t> drawn(rows, 50);
  drawn[1] = 3;
  drawn[2] = 4;
  std::vector<int32_t> had(rows, 1);
  had[3] = -1;
  DeviceArray<int32_t> slots(of_rows);
  DeviceArray<int32_t> tokens(had);
  DeviceArray<int32_t> draws(drawn);
  DeviceArray<int32_t> ends({4, 3});
  DeviceArray<int32_t> newest(std::vector<int32_t>(rows, 8));
  EXPECT_STREQ(cuda::KeepNewest(static_cast<int64_t>(rows),
                                slots.data(),
                                tokens.data(),
                                draws.data(),
                                ends.data(),
                                2,
                                newest.data(),
                                nullptr),
               nullptr);
  std::vector<int32_t> expected(rows, 50);
  for (const size_t ended : {1, 2, 3}) expected[rows - 1 - ended] = -1;
  expected[rows - 1 - 5] = 8;
  EXPECT_EQ(newest.host(), expected);
}

TEST_F(NewestTokensTest, APageIsCopiedInEveryLayer) {
  constexpr int64_t kLayers = 3;
  constexpr int64_t kPages = 4;
  constexpr int64_t kWords = 1028;  // of a page: more than a block's threads copy at once
  std::vector<int32_t> before(kLayers * kPages * kWords);
  for (size_t i = 0; i < before.size(); ++i) before[i] = static_cast<int32_t>(i);
  DeviceArray<int32_t> pages(before);
  EXPECT_STREQ(cuda::CopyPage({pages.data(), kLayers, kPages, kWords * 4}, 2, 1, nullptr), nullptr);
  std::vector<int32_t> expected = before;
  for (int64_t layer = 0; layer < kLayers; ++layer) {
    const auto from = before.begin() + (layer * kPages + 2) * kWords;
    std::copy(from, from + kWords, expected.begin() + (layer * kPages + 1) * kWords);
  }
  EXPECT_EQ(pages.host(), expected);
  EXPECT_STREQ(cuda::CopyPage({pages.data(), kLayers, kPages, 8}, 2, 1, nullptr),
               "cudaErrorMisalignedAddress");
}

}  // namespace
}  // namespace restem::testing
