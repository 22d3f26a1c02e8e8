// A sampling engine whose model is in parts (model/part.h). The first rank's is an engine like any
// other; the others compute, beside each of its lanes, what that lane does.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "comm/group.h"
#include "comm/group_parts.h"
#include "model/decoder.h"
#include "model/kv_cache.h"

namespace restem {

// How the ranks of an engine hear from one another.
struct EngineParts {
  std::shared_ptr<Group> group;                    // what each generation needs
  std::vector<std::shared_ptr<GroupParts>> lanes;  // the steps of each
  std::shared_ptr<GroupParts> pages;               // copies of pages
};

// All ranks of `group` call it. `lanes` are this rank's threads: as many are used as the rank has
// that has fewest.
absl::StatusOr<EngineParts> FormEngineParts(std::shared_ptr<Group> group, int64_t lanes);

// The first rank's.
class LeadingParts {
 public:
  explicit LeadingParts(EngineParts parts) : parts_(std::move(parts)) {}
  ~LeadingParts();  // the others go

  int64_t lanes() const { return std::ssize(parts_.lanes); }
  const std::shared_ptr<GroupParts>& lane(size_t i) const { return parts_.lanes[i]; }

  // The others take part in a generation; every lane ends its share.
  absl::Status begin(int64_t lanes, int64_t pages);
  void end_lane(size_t lane);
  void end_pages();
  // The first failure of any rank.
  absl::Status failure() const;

  // A pool whose pages the others copy, too.
  std::unique_ptr<CpuKvPages> new_pages(const ModelConfig& config, int64_t pages);

 private:
  EngineParts parts_;
  int64_t generations_ = 0;
};

// What the other ranks do until the first one goes. `part` is packed. Unavailable where a rank is
// lost; Stopped after a signal in the middle of a generation.
absl::Status ServeParts(const Model& part, EngineParts parts);

}  // namespace restem
