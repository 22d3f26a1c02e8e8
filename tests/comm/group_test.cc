// Collectives among threads that stand for processes, and what is said where one does not take
// part.
#include "comm/group.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>

#include "comm/local_address.h"
#include "support/peers.h"
#include "support/require_gpu.h"

namespace restem {
namespace {

using ::testing::HasSubstr;
using testing::InGroup;
using namespace std::chrono_literals;

TEST(Group, GathersAndAddsUp) {
  for (const int64_t size : {1, 2, 3}) {
    InGroup(size, [&](const std::shared_ptr<Group>& group) {
      const auto rank = static_cast<double>(group->rank());
      const at::Tensor whole = at::zeros({4 * size}, at::kBFloat16);
      ASSERT_TRUE(group->all_gather(whole, at::full({4}, rank, at::kBFloat16)).wait().ok());
      for (int64_t i = 0; i < 4 * size; ++i)
        EXPECT_EQ(whole[i].item<double>(), static_cast<double>(i / 4));
      const at::Tensor part = at::zeros({2});
      ASSERT_TRUE(group->reduce_scatter(part, at::arange(2.0 * static_cast<double>(size)) + rank)
                      .wait()
                      .ok());
      const double ranks = static_cast<double>(size);
      EXPECT_EQ(part[1].item<double>(), ranks * (2 * rank + 1) + ranks * (ranks - 1) / 2);
      std::array<double, 2> numbers = {rank, 0.5};
      ASSERT_TRUE(group->sum(numbers).ok());
      EXPECT_EQ(numbers[0], ranks * (ranks - 1) / 2);
      EXPECT_EQ(numbers[1], ranks / 2);
    });
  }
}

// NCCL takes one rank on each GPU.
TEST(Group, CollectivesOnAGpu) {
  if (!testing::FoundOrNotRequired(at::hasCUDA()))
    GTEST_SKIP() << "no CUDA device, or no CUDA build";
  InGroup(1, [&](const std::shared_ptr<Group>& group) {
    const auto on_gpu = at::TensorOptions(at::kCUDA).dtype(at::kFloat);
    const at::Tensor whole = at::zeros({4}, on_gpu);
    ASSERT_TRUE(group->all_gather(whole, at::full({4}, 3.0, on_gpu)).wait().ok());
    const at::Tensor part = at::zeros({4}, on_gpu);
    ASSERT_TRUE(group->reduce_scatter(part, whole).wait().ok());
    ASSERT_TRUE(group->all_reduce(part).ok());
    ASSERT_TRUE(group->broadcast(part).ok());
    ASSERT_TRUE(group->settle().ok());
    EXPECT_TRUE(at::equal(part.cpu(), at::full({4}, 3.0)));
  });
}

TEST(Group, OneTellsAndOthersAsk) {
  InGroup(2, [](const std::shared_ptr<Group>& group) {
    if (group->leads()) {
      ASSERT_TRUE(group->tell("score", "0.5").ok());
      const auto never = group->ask(1, "score");
      EXPECT_TRUE(absl::IsUnavailable(never.status()));
      EXPECT_THAT(std::string(MessageOf(never.status())),
                  HasSubstr("rank 0 of 2, test: awaiting the score: rank 1 has given up"));
    } else {
      EXPECT_EQ(*group->ask(0, "score"), "0.5");
    }
  });
}

// It ends in the middle, and its connections with it.
TEST(Group, ALostRankIsNamed) {
  const uint16_t port = testing::FreePort();
  const testing::PeerTimes times = {500ms, 20s};
  const testing::Peer a = testing::StartPeer(port, 0, 2, times);
  const pid_t child = ::fork();
  if (child == 0) {
    const testing::Peer b = testing::StartPeer(port, 1, 2, times);
    const auto leader = b.presence->see(0, 10s);
    const auto group =
        Group::form(b.store, b.presence, "train 01", {leader->process, b.store->process()});
    ::_exit(group.ok() ? 0 : 1);
  }
  std::string other;
  while (other.empty()) other = a.presence->see(1, 10s)->process;
  const auto group = Group::form(a.store, a.presence, "train 01", {a.store->process(), other});
  ASSERT_TRUE(group.ok()) << group.status();
  const absl::Status status = (*group)->all_reduce(at::zeros({3}));
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(
      std::string(MessageOf(status)),
      HasSubstr("rank 0 of 2, train 01: adding up: rank 1 has not been heard of for 0.5 s"));
  EXPECT_TRUE(absl::IsUnavailable((*group)->all_reduce(at::zeros({3})))) << "it is disbanded";
  int how = 0;
  ::waitpid(child, &how, 0);
  EXPECT_EQ(how, 0);
}

// What a group does together.
using Collective = absl::Status (*)(Group&);
class GroupDoing : public ::testing::TestWithParam<Collective> {};

INSTANTIATE_TEST_SUITE_P(All,
                         GroupDoing,
                         ::testing::Values<Collective>(
                             [](Group& group) { return group.all_reduce(at::zeros({64})); },
                             [](Group& group) {
                               return group.all_gather(at::zeros({128}), at::zeros({64})).wait();
                             },
                             [](Group& group) {
                               return group.reduce_scatter(at::zeros({32}), at::zeros({64})).wait();
                             }));

// It stands still, and its connections with it: that is found out long before the limit.
TEST_P(GroupDoing, ARankThatStandsStillIsNamed) {
  const uint16_t port = testing::FreePort();
  const testing::PeerTimes times = {500ms, 3600s};
  const testing::Peer a = testing::StartPeer(port, 0, 2, times);
  const pid_t child = ::fork();
  if (child == 0) {
    const testing::Peer b = testing::StartPeer(port, 1, 2, times);
    const auto leader = b.presence->see(0, 10s);
    const auto group =
        Group::form(b.store, b.presence, "train 01", {leader->process, b.store->process()});
    ::raise(SIGSTOP);
    ::_exit(0);
  }
  std::string other;
  while (other.empty()) other = a.presence->see(1, 10s)->process;
  const auto group = Group::form(a.store, a.presence, "train 01", {a.store->process(), other});
  ASSERT_TRUE(group.ok()) << group.status();
  const absl::Status status = GetParam()(**group);
  EXPECT_THAT(std::string(MessageOf(status)), HasSubstr("rank 1 has not been heard of for 0.5 s"));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

// It fails, and says so: nobody waits to find out.
TEST(Group, ARankThatGivesUpIsNamedAtOnce) {
  InGroup(3, [](const std::shared_ptr<Group>& group) {
    if (group->rank() == 2) return;
    const absl::Status status = group->all_reduce(at::zeros({3}));
    EXPECT_THAT(std::string(MessageOf(status)),
                ::testing::ContainsRegex("test: adding up: rank [0-2] has given up"));
  });
}

// It is there, and does something else.
TEST(Group, ARankThatDoesNotTakePartIsNotWaitedForLongerThanTheLimit) {
  std::atomic<bool> failed{false};
  InGroup(2,
          [&](const std::shared_ptr<Group>& group) {
            if (group->leads()) {
              const absl::Status status = group->all_reduce(at::zeros({3}));
              EXPECT_THAT(std::string(MessageOf(status)), HasSubstr("Timed out waiting"));
              failed = true;
            } else {
              while (!failed) std::this_thread::sleep_for(10ms);
            }
          },
          {500ms, 2s});
}

TEST(LocalAddress, IsTheOneOnTheWay) {
  const auto address = LocalAddressToward("127.0.0.1");
  ASSERT_TRUE(address.ok()) << address.status();
  EXPECT_TRUE(IsLoopback(*address));
  EXPECT_FALSE(IsLoopback("10.0.0.7"));
  const auto nowhere = LocalAddressToward("no-such-host.invalid");
  EXPECT_THAT(std::string(MessageOf(nowhere.status())),
              HasSubstr("no-such-host.invalid has no address: "));
}

}  // namespace
}  // namespace restem
