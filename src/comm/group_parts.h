// A group of processes as the ranks that compute one model together.
#pragma once

#include <memory>

#include "base/status.h"
#include "comm/group.h"
#include "ops/model_parts.h"

namespace restem {

// Of one thread: a thread beside it has a group of its own.
class GroupParts : public ModelParts {
 public:
  explicit GroupParts(std::shared_ptr<Group> group) : group_(std::move(group)) {}

  int64_t rank() const override { return group_->rank(); }
  int64_t size() const override { return group_->size(); }
  void sum(const at::Tensor& tensor) override;
  void broadcast(const at::Tensor& tensor) override;
  void gather(const at::Tensor& whole, const at::Tensor& part) override;

  // What a call threw for; OK where none has.
  const absl::Status& failure() const { return failure_; }

 private:
  void check(absl::Status status);

  const std::shared_ptr<Group> group_;
  absl::Status failure_;
};

}  // namespace restem
