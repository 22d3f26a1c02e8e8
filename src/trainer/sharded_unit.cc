#include "trainer/sharded_unit.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <c10/core/Allocator.h>

#include <algorithm>
#include <utility>

namespace restem {

at::DataPtr WholeMemory::take(size_t bytes) {
  const auto fits = std::ranges::find(free_, bytes, [](const auto& piece) { return piece.first; });
  if (fits == free_.end()) return c10::GetAllocator(device_.type())->allocate(bytes);
  at::DataPtr memory = std::move(fits->second);
  free_.erase(fits);
  return memory;
}

void WholeMemory::give(size_t bytes, at::DataPtr memory) {
  free_.emplace_back(bytes, std::move(memory));
}

ShardedUnit::ShardedUnit(std::span<const UnitMatrix> matrices,
                         at::ScalarType type,
                         Group* group,
                         std::shared_ptr<WholeMemory> memory,
                         at::Device home)
    : group_(group), memory_(std::move(memory)) {
  int64_t size = 0;
  for (const UnitMatrix& matrix : matrices) {
    const at::Tensor& start = matrix.start;
    places_.push_back({matrix.name,
                       start.sizes().vec(),
                       matrix.first_row * start.size(1),
                       matrix.columns,
                       size,
                       start.numel()});
    size += start.numel();
  }
  run_ = (size + ranks() - 1) / ranks();
  const auto float32 = at::TensorOptions(at::kFloat).device(home);
  const auto there = at::TensorOptions(type).device(memory_->device());
  master_ = at::zeros({run_}, float32);
  gradient_ = at::zeros({run_}, float32);
  size_t next = 0;
  for_each_run([&](const Place& place, int64_t first, int64_t offset, int64_t count) {
    while (matrices[next].name != place.name) ++next;
    const at::Tensor flat = matrices[next].start.contiguous().view({-1});
    master_.narrow(0, offset, count).copy_(flat.narrow(0, first, count));
  });
  const bool is_master = type == at::kFloat && home == memory_->device();
  compute_ = is_master ? master_ : at::empty({run_}, there);
  refresh();
  whole_ = compute_;
  if (!alone()) {
    whole_ = at::empty({0}, there);
    attach_memory(static_cast<size_t>(ranks() * run_) * whole_.element_size());
    whole_.unsafeGetTensorImpl()->set_sizes_contiguous({ranks() * run_});
  }
  for (const Place& place : places_)
    matrices_.push_back({place.name, whole_.narrow(0, place.begin, place.count).view(place.shape)});
  state_ = State::kWhole;
  release();
}

void ShardedUnit::for_each_run(
    const std::function<void(const Place&, int64_t, int64_t, int64_t)>& use) const {
  const int64_t begin = (group_ == nullptr ? 0 : group_->rank()) * run_;
  for (const Place& place : places_) {
    const int64_t first = std::max(place.begin, begin);
    const int64_t last = std::min(place.begin + place.count, begin + run_);
    if (first < last) use(place, first - place.begin, first - begin, last - first);
  }
}

std::vector<TrainedSlice> ShardedUnit::slices() const {
  std::vector<TrainedSlice> slices;
  for_each_run([&](const Place& place, int64_t first, int64_t offset, int64_t count) {
    slices.push_back({{place.name, place.first_element + first, place.columns},
                      master_.narrow(0, offset, count)});
  });
  return slices;
}

std::vector<at::Tensor> ShardedUnit::gradients() const {
  std::vector<at::Tensor> gradients;
  for_each_run([&](const Place&, int64_t, int64_t offset, int64_t count) {
    gradients.push_back(gradient_.narrow(0, offset, count));
  });
  return gradients;
}

void ShardedUnit::refresh() {
  if (!compute_.is_same(master_)) compute_.copy_(master_);
}

// Views of the whole keep their place in its storage, whose memory comes and goes.
void ShardedUnit::attach_memory(size_t bytes) {
  c10::StorageImpl* storage = whole_.storage().unsafeGetStorageImpl();
  storage->set_data_ptr_noswap(memory_->take(bytes));
  storage->set_nbytes(bytes);
}

void ShardedUnit::begin_gather() {
  if (state_ != State::kReleased) return;
  state_ = State::kGathering;
  if (alone()) return;
  attach_memory(static_cast<size_t>(whole_.numel()) * whole_.element_size());
  gathering_ = group_->all_gather(whole_, compute_);
}

absl::Status ShardedUnit::gather() {
  begin_gather();
  RESTEM_RETURN_IF_ERROR(gathering_.wait());
  state_ = State::kWhole;
  return absl::OkStatus();
}

void ShardedUnit::release() {
  if (state_ != State::kWhole) return;
  state_ = State::kReleased;
  if (alone()) return;
  c10::StorageImpl* storage = whole_.storage().unsafeGetStorageImpl();
  memory_->give(storage->nbytes(), storage->set_data_ptr(at::DataPtr(nullptr, whole_.device())));
  storage->set_nbytes(0);
}

at::Tensor ShardedUnit::flat() const {
  return at::zeros({ranks() * run_}, whole_.options().dtype(at::kFloat));
}

std::vector<at::Tensor> ShardedUnit::views(const at::Tensor& flat) const {
  std::vector<at::Tensor> views;
  for (const Place& place : places_)
    views.push_back(flat.narrow(0, place.begin, place.count).view(place.shape));
  return views;
}

void ShardedUnit::begin_reduce(std::vector<at::Tensor> lanes) {
  summed_ = std::move(lanes.front());
  for (size_t lane = 1; lane < lanes.size(); ++lane) summed_.add_(lanes[lane]);
  reduced_ = alone() ? summed_ : at::empty({run_}, summed_.options());
  if (!alone()) reducing_ = group_->reduce_scatter(reduced_, summed_);
}

absl::Status ShardedUnit::end_reduce() {
  if (!reduced_.defined()) return absl::OkStatus();
  RESTEM_RETURN_IF_ERROR(reducing_.wait());
  gradient_.add_(reduced_.to(gradient_.device()));
  reduced_.reset();
  summed_.reset();
  return absl::OkStatus();
}

}  // namespace restem
