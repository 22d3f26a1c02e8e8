// A lane that has nothing left to do goes on with samples of another one.
#include "sampler/handover.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "sampler/stories_engine.h"

namespace restem {
namespace {

using testing::StoriesEngine;

// Samples of the prompt that all but fills the context end soon, and their lane is left idle.
TEST_F(StoriesEngine, SamplesAreTheSameOnTheLaneThatTakesThemOver) {
  SamplingParams params;
  params.max_new_tokens = 150;
  params.ignore_eos = true;
  std::vector<int64_t> indices;
  for (int64_t i = 0; i < 32; ++i) indices.push_back(i);
  const std::vector<SampleRequest> requests = {{"short", {1, 300}, indices},
                                               {"long", std::vector<int32_t>(500, 300), indices}};
  const auto alone = draw(requests, params, 1, 64);
  ASSERT_TRUE(alone.ok()) << alone.status();
  EXPECT_EQ(stats_.handed_over, 0);
  const auto shared = draw(requests, params, 2, 64);
  ASSERT_TRUE(shared.ok()) << shared.status();
  EXPECT_GE(stats_.handed_over, 8) << "the case does not test what it should";
  ASSERT_EQ(shared->size(), alone->size());
  for (const auto& [key, sample] : *shared) {
    EXPECT_EQ(sample.tokens, alone->at(key).tokens) << key.first << " " << key.second;
    EXPECT_EQ(sample.logprobs, alone->at(key).logprobs) << key.first << " " << key.second;
    EXPECT_EQ(sample.text, alone->at(key).text);
  }
}

TEST(Handover, EndsWhenAllLanesWait) {
  Handover handover(3, [] { return false; });
  std::vector<std::thread> lanes;
  for (int i = 0; i < 3; ++i) lanes.emplace_back([&] { EXPECT_TRUE(handover.wait().empty()); });
  for (std::thread& lane : lanes) lane.join();
}

TEST(Handover, EndsWhenStopped) {
  std::atomic<bool> stopped = false;
  Handover handover(2, [&] { return stopped.load(); });
  std::thread lane([&] { EXPECT_TRUE(handover.wait().empty()); });
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  stopped = true;
  lane.join();
}

// Two that gave to the same lane would leave rows that nobody goes on with.
TEST(Handover, EveryWaitingLaneIsClaimedOnce) {
  Handover handover(3, [] { return false; });
  EXPECT_FALSE(handover.claim());
  std::thread lane([&] { EXPECT_TRUE(handover.wait().empty()); });
  while (!handover.claim()) std::this_thread::yield();
  EXPECT_FALSE(handover.claim());
  handover.give({});
  // Given nothing, the lane would wait again; here it ends, and so do the others without it.
  lane.join();
  EXPECT_FALSE(handover.claim());
}

}  // namespace
}  // namespace restem
