#include "base/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <stdexcept>
#include <thread>
#include <vector>

namespace restem {
namespace {

std::vector<std::thread::id> ThreadsOf(size_t lanes) {
  std::vector<std::thread::id> threads(lanes);
  std::barrier all(static_cast<ptrdiff_t>(lanes));
  RunLanes(lanes, [&](size_t lane) {
    all.arrive_and_wait();  // hangs unless all lanes run at the same time
    threads[lane] = std::this_thread::get_id();
  });
  return threads;
}

TEST(RunLanes, KeepsItsThreads) {
  const auto first = ThreadsOf(3);
  EXPECT_EQ(first[0], std::this_thread::get_id());
  EXPECT_NE(first[1], first[2]);
  const auto more = ThreadsOf(5);
  EXPECT_EQ(std::vector(more.begin(), more.begin() + 3), first);
  EXPECT_EQ(ThreadsOf(2), std::vector(first.begin(), first.begin() + 2));
}

TEST(RunLanes, CallsMayNestAndOverlap) {
  std::atomic<int> count = 0;
  RunLanes(3, [&](size_t) { RunLanes(4, [&](size_t) { RunLanes(2, [&](size_t) { ++count; }); }); });
  EXPECT_EQ(count, 24);
}

TEST(RunLanes, ThrowsTheLowestLanesErrorWhenAllAreDone) {
  std::atomic<int> done = 0;
  const auto body = [&](size_t lane) {
    if (lane > 0) throw std::runtime_error(std::to_string(lane));
    ++done;
  };
  for (int i = 0; i < 2; ++i) {
    try {
      RunLanes(3, body);
      FAIL();
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "1");
    }
  }
  EXPECT_EQ(done, 2);
  RunLanes(0, body);
  EXPECT_EQ(done, 2);
}

}  // namespace
}  // namespace restem
