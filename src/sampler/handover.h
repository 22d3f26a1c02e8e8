// Where lanes that have nothing left to do take over running samples from lanes that have many. A
// sample does not depend on the lane that draws it, so the last ones need not wait for the slowest
// thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include "model/kv_cache.h"
#include "sampler/running_sample.h"

namespace restem {

// A running sample and its keys.
struct RunningRow {
  RunningSample sample;
  const SampleRequest* request;
  KvSequence keys;
  int64_t fed = 0;  // tokens in the step under way

  // Tokens of prompt and completion.
  int64_t known() const {
    return static_cast<int64_t>(request->prompt_tokens.size()) + sample.length();
  }
};

// Thread-safe.
class Handover {
 public:
  // `lanes` take part. Their waiting ends early once `stopped` says so.
  Handover(int64_t lanes, std::function<bool()> stopped);

  // Whether a lane waits that nobody gives rows to yet. Then the caller must.
  bool claim();
  void give(std::vector<RunningRow> rows);
  // Waits for rows. None come when every lane waits, or all are stopped.
  std::vector<RunningRow> wait();

 private:
  const int64_t lanes_;
  const std::function<bool()> stopped_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::vector<RunningRow>> given_;
  std::atomic<int64_t> waiting_ = 0;  // lanes, but for those that are claimed
};

}  // namespace restem
