#include "reward/remote/batcher.h"

#include <algorithm>
#include <chrono>

#include "base/shutdown.h"

namespace restem {
namespace {

constexpr std::chrono::milliseconds kLookForStop{100};

}  // namespace

Judgement Batcher::judge(nlohmann::json request) {
  const auto item = std::make_shared<Item>();
  item->request = std::move(request);
  std::unique_lock lock(mutex_);
  waiting_.push_back(item);
  while (!item->done) {
    if (StopRequested() && std::erase(waiting_, item) > 0)
      return {VerdictKind::kError, "", "stopped by a signal"};
    // Who has been taken along does not lead: its own answer may come before the others'.
    if (item->waiting && in_flight_ < options_.max_in_flight) {
      lead(lock);
    } else {
      changed_.wait_for(lock, kLookForStop);
    }
  }
  return std::move(item->judgement);
}

// A request that was in a failed batch makes a batch of its own.
Batcher::Items Batcher::take() {
  Items items;
  while (!waiting_.empty() && items.size() < options_.batch_size) {
    const bool alone = waiting_.front()->alone;
    if (alone && !items.empty()) break;
    waiting_.front()->waiting = false;
    items.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
    if (alone) break;
  }
  return items;
}

void Batcher::lead(std::unique_lock<std::mutex>& lock) {
  const Items items = take();
  // A service that fails whatever it is sent is not asked again for each.
  const bool alone = items.front()->alone && worth_dividing();
  ++in_flight_;
  lock.unlock();
  std::vector<const nlohmann::json*> requests;
  for (const auto& item : items) requests.push_back(&item->request);
  BatchOutcome outcome;
  try {
    outcome = round_trip_(requests, alone);
  } catch (const std::exception& e) {  // the others must not wait for ever
    outcome.failed = true;
    outcome.judgements.assign(items.size(), {VerdictKind::kError, "", e.what()});
  }
  lock.lock();
  --in_flight_;
  deliver(items, std::move(outcome));
  changed_.notify_all();
}

void Batcher::deliver(const Items& items, BatchOutcome outcome) {
  failed_in_a_row_ = outcome.failed ? failed_in_a_row_ + 1 : 0;
  if (outcome.divisible && items.size() > 1 && worth_dividing() && !StopRequested()) {
    for (auto item = items.rbegin(); item != items.rend(); ++item) {
      (*item)->alone = true;
      (*item)->waiting = true;
      waiting_.push_front(*item);
    }
    return;
  }
  for (size_t i = 0; i < items.size(); ++i) {
    items[i]->judgement = std::move(outcome.judgements[i]);
    items[i]->done = true;
  }
}

}  // namespace restem
