// The matrices of one layer, laid one behind another and cut into runs of equal length, one for
// each rank of a group: each keeps its run in float32, trains it, and sees the whole only for as
// long as the layer is computed.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "comm/group.h"
#include "model/weights.h"
#include "trainer/trained_model.h"

namespace restem {

// Memory that wholes come and go in: as many pieces as have ever been whole at the same time.
class WholeMemory {
 public:
  explicit WholeMemory(at::Device device) : device_(device) {}
  at::Device device() const { return device_; }
  at::DataPtr take(size_t bytes);
  void give(size_t bytes, at::DataPtr memory);

 private:
  const at::Device device_;
  std::vector<std::pair<size_t, at::DataPtr>> free_;
};

// A matrix, or that part of it that this rank computes with.
struct UnitMatrix {
  std::string name;
  at::Tensor start;       // [rows, columns]
  int64_t first_row = 0;  // of its rows among the matrix's
  Columns columns = {};
};

class ShardedUnit {
 public:
  // The start values are read once. Wholes have dtype `type`, on the memory's device; what is
  // trained of them, and its gradient, is on the device `home`. `group` may be null: one process.
  ShardedUnit(std::span<const UnitMatrix> matrices,
              at::ScalarType type,
              Group* group,
              std::shared_ptr<WholeMemory> memory,
              at::Device home);

  // What this rank trains of it, and the gradients to it in the same order.
  std::vector<TrainedSlice> slices() const;
  std::vector<at::Tensor> gradients() const;

  // Wholes follow a change of the slices.
  void refresh();
  void zero_gradients() { gradient_.zero_(); }
  const at::Tensor& gradient() const { return gradient_; }  // all of gradients()

  // The matrices, by their names; to be looked into only between gather()'s end and release().
  const std::vector<Parameter>& matrices() const { return matrices_; }
  void begin_gather();  // nothing where it is whole, or about to be
  absl::Status gather();
  void release();

  // Adds gradients to the whole, one of each lane (shapes of flat()), up over lanes and ranks, and
  // each rank's run to its gradients(). Returns once that is begun; end_reduce() waits.
  void begin_reduce(std::vector<at::Tensor> lanes);
  absl::Status end_reduce();
  // [lanes' whole] float32 zeros, and the views of it that belong to matrices().
  at::Tensor flat() const;
  std::vector<at::Tensor> views(const at::Tensor& flat) const;

 private:
  struct Place {
    std::string name;
    std::vector<int64_t> shape;
    int64_t first_element = 0;  // of its rows, in the matrix
    Columns columns;
    int64_t begin = 0;  // in the whole
    int64_t count = 0;
  };
  // Calls use(place, first, offset, count) for what this rank's run has of each matrix: elements
  // [first, first + count) of it lie at `offset` of the run.
  void for_each_run(const std::function<void(const Place&, int64_t, int64_t, int64_t)>& use) const;
  void attach_memory(size_t bytes);
  int64_t ranks() const { return group_ == nullptr ? 1 : group_->size(); }
  bool alone() const { return ranks() == 1; }

  Group* const group_;
  const std::shared_ptr<WholeMemory> memory_;
  std::vector<Place> places_;
  int64_t run_ = 0;      // elements of each rank
  at::Tensor master_;    // [run] float32
  at::Tensor gradient_;  // [run] float32
  at::Tensor compute_;   // [run] of the compute dtype: master_ itself where that is it
  at::Tensor whole_;     // [ranks · run] of the compute dtype; compute_ itself where alone
  std::vector<Parameter> matrices_;  // views of whole_

  enum class State { kReleased, kGathering, kWhole };
  State state_ = State::kReleased;
  Group::Pending gathering_;
  Group::Pending reducing_;
  at::Tensor reduced_;  // [run] float32, this rank's run of what is being added up
  at::Tensor summed_;   // what it is added up from
};

}  // namespace restem
