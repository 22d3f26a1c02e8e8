#include "base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace restem {
namespace {

RandomStream Stream(std::string_view name, uint64_t index, uint64_t iteration = 1) {
  return RandomStream(17, StreamPurpose::kSample, iteration, name, index);
}

// Vectors of Random123, the authors' own library (kat_vectors, philox4x32-10).
TEST(Philox, GivesThePublishedWords) {
  const auto words = [](kernels::PhiloxStream stream, uint64_t counter) {
    const kernels::PhiloxWords w = kernels::PhiloxAt(stream, counter);
    return std::vector<uint32_t>(w.word, w.word + 4);
  };
  EXPECT_EQ(words({{0, 0}, {0, 0}}, 0),
            (std::vector<uint32_t>{0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8}));
  EXPECT_EQ(words({{~0U, ~0U}, {~0U, ~0U}}, ~uint64_t{0}),
            (std::vector<uint32_t>{0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD}));
  EXPECT_EQ(words({{0xA4093822, 0x299F31D0}, {0x13198A2E, 0x03707344}}, 0x85A308D3243F6A88),
            (std::vector<uint32_t>{0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1}));
}

// Samples of jobs that exist must stay what they are.
TEST(RandomStream, GivesTheWordsThatItAlwaysGave) {
  EXPECT_EQ(Stream("a", 3).at(5),
            (std::array<uint32_t, 4>{0x7FA0C2DF, 0x77334B54, 0x2E9B6DB8, 0x4ED71A69}));
}

TEST(RandomStream, IsAFunctionOfItsKey) {
  EXPECT_EQ(Stream("a", 0).at(5), Stream("a", 0).at(5));
  EXPECT_NE(Stream("a", 0).at(5), Stream("a", 0).at(6));
  EXPECT_NE(Stream("a", 0).at(5), Stream("a", 1).at(5));
  EXPECT_NE(Stream("a", 0).at(5), Stream("b", 0).at(5));
  EXPECT_NE(Stream("a", 0).at(5), Stream("a", 0, 2).at(5));
}

TEST(RandomStream, UniformIsInsideTheOpenInterval) {
  const RandomStream stream = Stream("u", 0);
  double sum = 0.0;
  constexpr int kDraws = 100000;
  for (int i = 0; i < kDraws; ++i) {
    const double u = stream.uniform(static_cast<uint64_t>(i));
    ASSERT_GT(u, 0.0);
    ASSERT_LT(u, 1.0);
    sum += u;
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 5.0 / std::sqrt(12.0 * kDraws));  // five standard errors
}

TEST(RandomStream, NeighbouringStreamsAreUncorrelated) {
  constexpr int kDraws = 20000;
  double product = 0.0;
  for (int i = 0; i < kDraws; ++i) {
    const auto counter = static_cast<uint64_t>(i);
    product += (Stream("p", 0).uniform(counter) - 0.5) * (Stream("p", 1).uniform(counter) - 0.5);
  }
  EXPECT_NEAR(product / kDraws, 0.0, 5.0 / 12.0 / std::sqrt(kDraws));
}

TEST(Shuffle, IsAPermutationAndEveryOrderOccurs) {
  std::vector<std::vector<int>> seen;
  for (uint64_t i = 0; i < 200; ++i) {
    std::vector<int> items = {0, 1, 2};
    Shuffle(std::span(items), Stream("s", i));
    std::vector<int> sorted = items;
    std::sort(sorted.begin(), sorted.end());
    ASSERT_EQ(sorted, (std::vector<int>{0, 1, 2}));
    if (std::find(seen.begin(), seen.end(), items) == seen.end()) seen.push_back(items);
  }
  EXPECT_EQ(seen.size(), 6U);
}

}  // namespace
}  // namespace restem
