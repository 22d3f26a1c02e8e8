// Processes that share work, as threads with a connection each.
#include "comm/leases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <set>
#include <thread>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "support/peers.h"

namespace restem {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

using testing::Peer;

class Peers : public ::testing::Test {
 protected:
  Peer start(int64_t rank,
             int64_t world_size,
             std::chrono::milliseconds patience = 300ms,
             bool is_served = false) {
    return testing::StartPeer(port_, rank, world_size, {patience, 20s}, is_served);
  }
  // As if it were dead: it says nothing more.
  static void leave(Peer& peer, std::optional<Leases>& leases) {
    peer.presence.reset();
    leases.reset();
  }
  static Leases leases_of(const Peer& peer, int64_t pieces) {
    return Leases(peer.store, peer.presence, "sample/01", pieces, [] { return false; });
  }

  const uint16_t port_ = testing::FreePort();
};

TEST_F(Peers, MeetInTheStore) {
  const Peer a = start(0, 2);
  const Peer b = start(1, 2);
  EXPECT_FALSE((*b.store->find("x")).has_value());
  ASSERT_TRUE(a.store->set("x", "1").ok());
  EXPECT_EQ(**b.store->find("x"), "1");
  EXPECT_THAT(*b.store->find_all({"x", "y"}), ::testing::ElementsAre("1", ""));
  EXPECT_EQ(*a.store->add("n", 2), 2);
  EXPECT_EQ(*b.store->add("n", 3), 5);
  EXPECT_TRUE(*a.store->replace("x", "1", "2"));
  EXPECT_FALSE(*b.store->replace("x", "1", "3"));
  EXPECT_FALSE(*b.store->replace("z", "1", "3")) << "nobody has set it";
  EXPECT_TRUE(*b.store->replace("z", "", "3"));
  EXPECT_EQ(**a.store->find("z"), "3");
}

TEST_F(Peers, EachPieceIsTakenOnce) {
  constexpr int64_t kPieces = 50;
  const Peer first = start(0, 4);
  std::atomic<int64_t> taken{0};
  std::vector<std::thread> threads;
  for (int64_t rank = 0; rank < 4; ++rank) {
    threads.emplace_back([&, rank] {
      const Peer peer = rank == 0 ? first : start(rank, 4);
      Leases leases = leases_of(peer, kPieces);
      while (true) {
        const auto piece = leases.take();
        ASSERT_TRUE(piece.ok()) << piece.status();
        if (!*piece) break;
        taken += 1;
      }
      ASSERT_TRUE(leases.finish().ok());
      const auto lost = leases.take_over();
      ASSERT_TRUE(lost.ok()) << lost.status();
      EXPECT_FALSE(lost->has_value());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken, kPieces);
}

TEST_F(Peers, WhatALostOneHadGoesToOthers) {
  const Peer a = start(0, 3);
  Peer b = start(1, 3);
  Leases ours = leases_of(a, 4);
  std::optional<Leases> theirs = leases_of(b, 4);
  EXPECT_EQ(**theirs->take(), 0);
  EXPECT_EQ(**ours.take(), 1);
  EXPECT_EQ(**theirs->take(), 2);
  // A number was drawn, and no name put to it: its taker died in between.
  ASSERT_EQ(*b.store->add("sample/01/next", 1), 4);
  EXPECT_FALSE((*ours.take()).has_value());
  leave(b, theirs);
  std::set<std::pair<int64_t, int64_t>> taken;
  while (true) {
    ASSERT_TRUE(ours.finish().ok());
    const auto piece = ours.take_over();
    ASSERT_TRUE(piece.ok()) << piece.status();
    if (!*piece) break;
    taken.emplace((*piece)->piece, (*piece)->from);
  }
  EXPECT_THAT(taken, ::testing::ElementsAre(std::pair(0, 1), std::pair(2, 1), std::pair(3, -1)));
}

// It was lost, and is not: it finds what it had done by another, and goes on.
TEST_F(Peers, OneThatComesBackFindsItsWorkDone) {
  const Peer a = start(0, 2);
  Peer b = start(1, 2);
  Leases ours = leases_of(a, 1);
  std::optional<Leases> theirs = leases_of(b, 1);
  EXPECT_EQ(**theirs->take(), 0);
  leave(b, theirs);
  EXPECT_EQ((**ours.take_over()).piece, 0);
  ASSERT_TRUE(ours.finish().ok());
  const Peer again = {b.store, std::make_shared<Presence>(b.store, 300ms)};
  Leases back = leases_of(again, 1);
  EXPECT_FALSE((*back.take()).has_value());
  EXPECT_FALSE((*back.take_over()).has_value());
}

// It has another name, though its rank is the same: what it had before is nobody's.
TEST_F(Peers, OneThatIsStartedAgainIsAnother) {
  const Peer a = start(0, 2, /*patience=*/60s);
  std::optional<Peer> b = start(1, 2);
  std::optional<Leases> theirs = leases_of(*b, 1);
  EXPECT_EQ(**theirs->take(), 0);
  const std::string before = b->store->process();
  EXPECT_FALSE(*a.presence->is_lost(before));
  theirs.reset();
  b.reset();
  const Peer again = start(1, 2);
  EXPECT_NE(again.store->process(), before);
  EXPECT_EQ(RankOf(again.store->process()), 1);
  Leases back = leases_of(again, 1);
  EXPECT_EQ((**back.take_over()).from, 1);
  while (!*a.presence->is_lost(before)) std::this_thread::sleep_for(10ms);
}

// A launcher's store outlives the processes that it starts again.
TEST_F(Peers, WhatAnEarlierStartLeftIsNotFound) {
  c10d::TCPStoreOptions options;
  options.port = port_;
  options.isServer = true;
  options.waitWorkers = false;
  const c10d::TCPStore server("127.0.0.1", options);
  {
    const Peer a = start(0, 2, 300ms, /*is_served=*/true);
    const Peer b = start(1, 2, 300ms, /*is_served=*/true);
    ASSERT_TRUE(a.store->set("call", "1 sample 1").ok());
    while (!b.store->find("call")->has_value()) std::this_thread::sleep_for(1ms);
  }
  // The second one comes first, and waits for the leader's word.
  std::thread second([&] {
    const Peer b = start(1, 2, 300ms, /*is_served=*/true);
    EXPECT_FALSE(b.store->find("call")->has_value());
    ASSERT_TRUE(b.store->set("answer", "here").ok());
  });
  std::this_thread::sleep_for(300ms);
  const Peer a = start(0, 2, 300ms, /*is_served=*/true);
  second.join();
  while (!a.store->find("answer")->has_value()) std::this_thread::sleep_for(1ms);
}

// The leader has failed, say: what it had is never done, though it is there.
TEST_F(Peers, WorkThatIsCalledOffIsNotWaitedFor) {
  const Peer a = start(0, 2);
  const Peer b = start(1, 2);
  Leases ours = leases_of(a, 1);
  EXPECT_EQ(**ours.take(), 0);
  int asked = 0;
  Leases theirs(b.store, b.presence, "sample/01", 1, [&] { return ++asked == 3; });
  const auto taken = theirs.take_over();
  ASSERT_TRUE(taken.ok()) << taken.status();
  EXPECT_FALSE(taken->has_value());
  EXPECT_EQ(asked, 3);
}

TEST_F(Peers, AStoreThatGoesAwayIsNamed) {
  Peer a = start(0, 2);
  const Peer b = start(1, 2);
  a = {};
  const auto found = b.store->find("x");
  ASSERT_FALSE(found.ok());
  EXPECT_THAT(
      std::string(MessageOf(found.status())),
      HasSubstr("rank 1 of 2: reading from the store at 127.0.0.1:" + std::to_string(port_)));
}

TEST(Watchdog, SaysWhatWasWaitedFor) {
  std::mutex mutex;
  std::vector<std::string> said;
  Watchdog dog(1s, [&](const std::string& what, std::chrono::seconds limit) {
    const std::lock_guard lock(mutex);
    said.push_back(what + " " + std::to_string(limit.count()));
  });
  {
    const Watchdog::Scope slow(dog, "the slow one");
    for (int i = 0; i < 16; ++i) {
      const Watchdog::Scope fast(dog, "a fast one");
      std::this_thread::sleep_for(100ms);
    }
  }
  const std::lock_guard lock(mutex);
  EXPECT_THAT(said, ::testing::ElementsAre("the slow one 1"));
}

}  // namespace
}  // namespace restem
