// Which GPU a process takes, by its place on the node and what it is shown.
#include "comm/own_gpu.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace restem {
namespace {

using ::testing::HasSubstr;

Launch Process(int64_t local_rank) {
  Launch launch;
  launch.rank = 8 + local_rank;
  launch.world_size = 16;
  launch.local_rank = local_rank;
  return launch;
}

TEST(OwnGpu, IsTheOneOfTheLocalRank) {
  EXPECT_EQ(**OwnGpu(Process(3), std::nullopt), "3");
  EXPECT_EQ(**OwnGpu(Process(1), "4,6,7"), "6");
  EXPECT_EQ(**OwnGpu(Process(1), "GPU-8932f937,GPU-13ab"), "GPU-13ab");
}

TEST(OwnGpu, StaysWhereThereIsNothingToChoose) {
  EXPECT_FALSE(OwnGpu(Launch(), std::nullopt)->has_value()) << "one process";
  EXPECT_FALSE(OwnGpu(Launch(), "0,1")->has_value());
  EXPECT_FALSE(OwnGpu(Process(3), "0")->has_value()) << "the launcher has chosen";
  EXPECT_FALSE(OwnGpu(Process(3), "")->has_value()) << "CUDA is switched off";
}

TEST(OwnGpu, MoreProcessesThanGpusAreRefused) {
  const auto none = OwnGpu(Process(2), "0,1");
  EXPECT_EQ(none.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(MessageOf(none.status())), HasSubstr("CUDA_VISIBLE_DEVICES=0,1: 2 GPUs"));
}

}  // namespace
}  // namespace restem
