// Two machines, which are network namespaces joined by a cable that can be cut.
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <functional>
#include <thread>

#include "app/cluster.h"
#include "base/unique_fd.h"

namespace restem::testing {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

bool Shell(const std::string& command) { return std::system(command.c_str()) == 0; }

// Calls `body` in a network namespace: what it starts stays there.
void In(const std::string& name, const std::function<void()>& body) {
  const UniqueFd own(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  const UniqueFd other(::open(("/run/netns/" + name).c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(::setns(other.get(), CLONE_NEWNET), 0);
  body();
  ASSERT_EQ(::setns(own.get(), CLONE_NEWNET), 0);
}

class Network : public Cluster {
 protected:
  void SetUp() override {
    Cluster::SetUp();
    address_ = "10.77.0.1";
    const std::string commands = fmt::format(
        "{{ ip netns add {0} && ip netns add {1} && ip -n {0} link add {0} type veth peer name {1} "
        "&& "
        "ip -n {0} link set {1} netns {1} && ip -n {0} addr add 10.77.0.1/24 dev {0} && "
        "ip -n {1} addr add 10.77.0.2/24 dev {1} && ip -n {0} link set {0} up && "
        "ip -n {1} link set {1} up && ip -n {0} link set lo up && ip -n {1} link set lo up; }} "
        "2>/dev/null",
        first_,
        second_);
    if (!Shell(commands)) GTEST_SKIP() << "needs root, and `ip` with network namespaces";
  }
  void TearDown() override {
    Shell(
        fmt::format("ip netns del {0} 2>/dev/null; ip netns del {1} 2>/dev/null", first_, second_));
    Cluster::TearDown();
  }

  // The leader on one machine, a helper on the other.
  std::vector<std::unique_ptr<Process>> start_apart(const std::string& dir,
                                                    const std::string& lost_after) {
    port_ = FreePort();
    std::vector<std::string> more = kLong;
    more.insert(more.end(),
                {"--set",
                 "cluster.timeout_seconds=20",
                 "--set",
                 "cluster.lost_after_seconds=" + lost_after});
    std::vector<std::unique_ptr<Process>> processes(2);
    In(first_, [&] { processes[0] = start(0, 2, dir, more); });
    In(second_, [&] { processes[1] = start(1, 2, dir, more); });
    EXPECT_TRUE(processes[1]->wait_for_log("meeting at")) << processes[1]->log();
    return processes;
  }
  void cut() { ASSERT_TRUE(Shell(fmt::format("ip -n {0} link set {0} down", second_))); }
  void mend() { ASSERT_TRUE(Shell(fmt::format("ip -n {0} link set {0} up", second_))); }

  // The run goes on for longer than the cut.
  const std::vector<std::string> kLong = {"--set", "train.epochs=60", "--set", "train.patience=0"};

  // Names of namespaces and of interfaces, which have 15 letters at most.
  const std::string first_ = fmt::format("rsta{}", ::getpid());
  const std::string second_ = fmt::format("rstb{}", ::getpid());
};

TEST_F(Network, TwoMachinesWorkTogether) {
  const std::string expected = run_of(1, kLong);
  const std::string dir = run_dir("apart");
  for (const auto& process : start_apart(dir, /*lost_after=*/"1")) {
    const Outcome outcome = process->wait();
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  }
  ExpectSameUpToRounding(expected, dir);
}

TEST_F(Network, ACutThatIsMendedChangesNothing) {
  const std::string expected = run_of(1, kLong);
  for (const std::string stage : {"sample 01", "train 01"}) {
    const std::string dir = run_dir("mended-" + stage.substr(0, stage.find(' ')));
    const auto processes = start_apart(dir, /*lost_after=*/"15");  // longer than the cut
    ASSERT_TRUE(processes[0]->wait_for_log(stage)) << processes[0]->log();
    cut();
    std::this_thread::sleep_for(3s);
    mend();
    for (const auto& process : processes) {
      const Outcome outcome = process->wait();
      EXPECT_EQ(outcome.exit_code, 0) << stage << ": " << outcome.err << processes[0]->log();
    }
    ExpectSameUpToRounding(expected, dir);
  }
}

TEST_F(Network, ACutForGoodEndsWithAMessage) {
  const std::string expected = run_of(1, kLong);
  for (const std::string stage : {"sample 01", "train 01"}) {
    const std::string dir = run_dir("cut-" + stage.substr(0, stage.find(' ')));
    const auto processes = start_apart(dir, /*lost_after=*/"1");
    ASSERT_TRUE(processes[0]->wait_for_log(stage)) << processes[0]->log();
    cut();
    const Outcome leader = processes[0]->wait();
    EXPECT_EQ(leader.exit_code, 0) << leader.err;
    const Outcome helper = processes[1]->wait();
    mend();
    EXPECT_EQ(helper.exit_code, 1);
    EXPECT_THAT(helper.err,
                ::testing::ContainsRegex(fmt::format(
                    "rank 1 of 2.* the store at 10.77.0.1:{}: no answer within 20 s", port_)));
    ExpectSameUpToRounding(expected, dir);
  }
}

}  // namespace
}  // namespace restem::testing
