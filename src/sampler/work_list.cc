#include "sampler/work_list.h"

#include <algorithm>
#include <utility>

namespace restem {

WorkList::WorkList(std::span<const SampleRequest> requests, int64_t lanes) : lanes_(lanes) {
  for (const SampleRequest& request : requests) {
    order_.push_back(&request);
    remaining_ += static_cast<int64_t>(request.samples.size());
  }
  std::stable_sort(order_.begin(), order_.end(), [](const auto* a, const auto* b) {
    return a->wave != b->wave ? a->wave < b->wave
                              : a->prompt_tokens.size() > b->prompt_tokens.size();
  });
}

std::optional<WorkUnit> WorkList::next() {
  const std::lock_guard lock(mutex_);
  while (request_ < order_.size() && first_ == order_[request_]->samples.size()) {
    ++request_;
    first_ = 0;
  }
  if (request_ == order_.size()) return std::nullopt;
  const SampleRequest& request = *order_[request_];
  const auto share = static_cast<size_t>((remaining_ + lanes_ - 1) / lanes_);
  const size_t count = std::min(share, request.samples.size() - first_);
  remaining_ -= static_cast<int64_t>(count);
  return WorkUnit{&request,
                  std::span(request.samples).subspan(std::exchange(first_, first_ + count), count)};
}

}  // namespace restem
