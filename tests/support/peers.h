// The processes of a launch, as threads with a connection each.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "comm/group.h"
#include "comm/presence.h"
#include "comm/store.h"
#include "support/free_port.h"

namespace restem::testing {

struct Peer {
  std::shared_ptr<Store> store;
  std::shared_ptr<Presence> presence;
};

struct PeerTimes {
  std::chrono::milliseconds patience{300};
  std::chrono::seconds limit{20};
};

// Rank 0 serves the store, unless it `is_served` by a launcher.
inline Peer StartPeer(
    uint16_t port, int64_t rank, int64_t world_size, PeerTimes times = {}, bool is_served = false) {
  signal(SIGPIPE, SIG_IGN);  // as the program does: a store that goes away is an error of a write
  Launch launch;
  launch.rank = rank;
  launch.world_size = world_size;
  launch.address = "127.0.0.1";
  launch.port = port;
  launch.store_is_served = is_served;
  auto store = Store::connect(launch, times.limit);
  EXPECT_TRUE(store.ok()) << store.status();
  return {*store, std::make_shared<Presence>(*store, times.patience)};
}

// Calls `body` once for each of `size` ranks, at the same time. Whoever ends before the others is
// still heard of; nobody's group lives longer than its body.
inline void InGroup(int64_t size,
                    const std::function<void(const std::shared_ptr<Group>& group)>& body,
                    PeerTimes times = {std::chrono::seconds(20), std::chrono::seconds(60)}) {
  const uint16_t port = FreePort();
  std::vector<Peer> peers;
  std::vector<std::string> members;
  for (int64_t rank = 0; rank < size; ++rank) {
    peers.push_back(StartPeer(port, rank, size, times));
    members.push_back(peers.back().store->process());
  }
  std::vector<std::thread> threads;
  for (const Peer& peer : peers) {
    threads.emplace_back([&] {
      const auto group = Group::form(peer.store, peer.presence, "test", members);
      ASSERT_TRUE(group.ok()) << group.status();
      body(*group);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace restem::testing
