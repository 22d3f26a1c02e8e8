#include "comm/group_parts.h"

#include <stdexcept>
#include <string>
#include <utility>

namespace restem {

void GroupParts::check(absl::Status status) {
  if (failure_.ok()) failure_ = std::move(status);
  if (!failure_.ok()) throw std::runtime_error(std::string(MessageOf(failure_)));
}

void GroupParts::sum(const at::Tensor& tensor) {
  check(failure_);
  check(group_->all_reduce(tensor));
}

void GroupParts::broadcast(const at::Tensor& tensor) {
  check(failure_);
  check(group_->broadcast(tensor));
}

void GroupParts::gather(const at::Tensor& whole, const at::Tensor& part) {
  check(failure_);
  check(group_->all_gather(whole.view({-1}), part.view({-1})).wait());
}

}  // namespace restem
