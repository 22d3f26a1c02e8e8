#include "comm/launch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace restem {
namespace {

using ::testing::HasSubstr;
using Variables = std::map<std::string, std::string>;

absl::StatusOr<Launch> Read(const Variables& variables) {
  return ReadLaunch([&](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  });
}

std::string ErrorOf(const Variables& variables) {
  const auto launch = Read(variables);
  EXPECT_EQ(launch.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(MessageOf(launch.status()));
}

// What `torchrun --nnodes 2 --nproc-per-node 2` leaves to its last process.
const Variables kTorchrun = {{"RANK", "3"},
                             {"WORLD_SIZE", "4"},
                             {"LOCAL_RANK", "1"},
                             {"LOCAL_WORLD_SIZE", "2"},
                             {"MASTER_ADDR", "gpu07"},
                             {"MASTER_PORT", "29400"},
                             {"TORCHELASTIC_USE_AGENT_STORE", "True"}};

TEST(Launch, NobodyStartedSeveral) {
  const auto launch = Read({{"PATH", "/bin"}});
  ASSERT_TRUE(launch.ok());
  EXPECT_TRUE(launch->alone());
  EXPECT_TRUE(Read({{"RANK", "0"}, {"WORLD_SIZE", "1"}})->alone());
}

TEST(Launch, Torchrun) {
  const auto launch = Read(kTorchrun);
  ASSERT_TRUE(launch.ok()) << launch.status();
  EXPECT_EQ(launch->rank, 3);
  EXPECT_EQ(launch->world_size, 4);
  EXPECT_EQ(launch->local_rank, 1);
  EXPECT_EQ(launch->local_size, 2);
  EXPECT_EQ(launch->address, "gpu07");
  EXPECT_EQ(launch->port, 29400);
  EXPECT_TRUE(launch->store_is_served);
}

TEST(Launch, Srun) {
  Variables variables = {{"SLURM_PROCID", "5"},
                         {"SLURM_STEP_NUM_TASKS", "8"},
                         {"SLURM_LOCALID", "1"},
                         {"SLURM_STEP_NODELIST", "gpu[03-04,9],login2"},
                         {"SLURM_JOB_ID", "1234567"}};
  const auto launch = Read(variables);
  ASSERT_TRUE(launch.ok()) << launch.status();
  EXPECT_EQ(launch->rank, 5);
  EXPECT_EQ(launch->world_size, 8);
  EXPECT_EQ(launch->local_rank, 1);
  EXPECT_EQ(launch->address, "gpu03");
  EXPECT_EQ(launch->port, 24567);
  EXPECT_FALSE(launch->store_is_served);
  for (const auto& [list, first] : Variables{{"node1", "node1"},
                                             {"a1,b[2-3]", "a1"},
                                             {"rack[1,4]-ib", "rack1-ib"},
                                             {"n[001-128]", "n001"}}) {
    variables["SLURM_STEP_NODELIST"] = list;
    EXPECT_EQ(Read(variables)->address, first) << list;
  }
  variables["SLURM_STEP_TASKS_PER_NODE"] = "2(x3),1,3";
  for (const auto& [node, tasks] : std::map<int, int64_t>{{0, 2}, {2, 2}, {3, 1}, {4, 3}, {9, 1}}) {
    variables["SLURM_NODEID"] = std::to_string(node);
    EXPECT_EQ(Read(variables)->local_size, tasks) << node;
  }
  variables["MASTER_ADDR"] = "10.0.0.1";
  variables["MASTER_PORT"] = "4000";
  EXPECT_EQ(Read(variables)->address, "10.0.0.1");
  EXPECT_EQ(Read(variables)->port, 4000);
}

// There the job has four tasks, but this process is none of them.
TEST(Launch, ABatchScriptIsOneProcess) {
  const auto launch = Read({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "4"}, {"SLURM_JOB_ID", "7"}});
  ASSERT_TRUE(launch.ok()) << launch.status();
  EXPECT_TRUE(launch->alone());
}

TEST(Launch, Mpirun) {
  Variables variables = {{"OMPI_COMM_WORLD_RANK", "1"},
                         {"OMPI_COMM_WORLD_SIZE", "2"},
                         {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
                         {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}};
  const auto launch = Read(variables);
  ASSERT_TRUE(launch.ok()) << launch.status();
  EXPECT_EQ(launch->rank, 1);
  EXPECT_EQ(launch->address, "127.0.0.1");
  EXPECT_EQ(launch->port, 29500);
  // On several nodes nothing tells where the first one is.
  variables["OMPI_COMM_WORLD_LOCAL_SIZE"] = "1";
  EXPECT_THAT(ErrorOf(variables), HasSubstr("MASTER_ADDR is not set"));
}

TEST(Launch, WhatIsWrongIsNamed) {
  Variables variables = kTorchrun;
  variables["RANK"] = "4";
  EXPECT_EQ(ErrorOf(variables), "RANK=4: must be a number from 0 to 3");
  variables["RANK"] = "one";
  EXPECT_EQ(ErrorOf(variables), "RANK=one: must be a number from 0 to 3");
  variables = kTorchrun;
  variables["WORLD_SIZE"] = "0";
  EXPECT_THAT(ErrorOf(variables), HasSubstr("WORLD_SIZE=0"));
  variables = kTorchrun;
  variables["MASTER_PORT"] = "99999";
  EXPECT_THAT(ErrorOf(variables), HasSubstr("MASTER_PORT=99999: must be a number from 1 to 65535"));
  variables = kTorchrun;
  variables.erase("MASTER_ADDR");
  EXPECT_THAT(ErrorOf(variables), HasSubstr("MASTER_ADDR is not set"));
}

}  // namespace
}  // namespace restem
