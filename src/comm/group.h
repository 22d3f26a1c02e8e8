// Collectives of processes that work on one thing in step: c10d's process groups, Gloo for tensors
// on CPUs, NCCL for those on GPUs.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/util/intrusive_ptr.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "comm/presence.h"
#include "comm/store.h"

namespace c10d {
class Backend;
class Work;
}  // namespace c10d

namespace restem {

// Every member calls the same functions in the same order, from one thread at a time. Where a
// member is lost, or does not come within the store's limit, a call fails with a message that names
// the group and, where that shows, the lost rank; then the group is of no more use, and to be
// destroyed so that the others hear of it.
class Group {
 public:
  // How long a collective waits for a member that is there: as long as for any answer, or, where
  // members may be at work in between, for any time.
  enum class Waits { kForAnswer, kForWork };

  // Asked while a member is waited for to come: whether it is not to be waited for any longer.
  using CalledOff = std::function<absl::StatusOr<bool>()>;

  // Of the processes `members`, this one among them; returns when all have come. `name` is
  // unlike any other group's, and what messages call it: "train 02".
  static absl::StatusOr<std::shared_ptr<Group>> form(std::shared_ptr<Store> store,
                                                     std::shared_ptr<Presence> presence,
                                                     std::string name,
                                                     std::vector<std::string> members,
                                                     Waits waits = Waits::kForAnswer,
                                                     CalledOff called_off = nullptr);
  // A group of some of this one's ranks, this one among them, all of which call it.
  absl::StatusOr<std::shared_ptr<Group>> form_among(const std::string& name,
                                                    std::span<const int64_t> ranks,
                                                    Waits waits = Waits::kForAnswer) const;
  ~Group();
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  int64_t rank() const { return rank_; }  // among the members
  int64_t size() const { return static_cast<int64_t>(members_.size()); }
  bool leads() const { return rank_ == 0; }

  // A collective under way. Its tensors must not be touched until wait() has returned; after that,
  // those on a GPU by the thread's current stream only.
  class Pending {
   public:
    Pending() = default;  // done
    absl::Status wait();

   private:
    friend class Group;
    Group* group_ = nullptr;
    std::string doing_;
    // Waits a little while; whether it is done. Throws where it failed.
    std::function<bool()> wait_a_little_;
    std::function<void()> then_;  // when it is done; may be null
    absl::Status failed_;         // to begin
  };

  // `whole` [size · n] becomes the `part` [n] of all, rank after rank. Any dtype.
  Pending all_gather(const at::Tensor& whole, const at::Tensor& part);
  // `part` [n] becomes its run of the sum of all members' `whole` [size · n], which is overwritten.
  // float32. On a GPU `whole` stays as it is.
  Pending reduce_scatter(const at::Tensor& part, const at::Tensor& whole);
  // Becomes the first member's. Any dtype.
  absl::Status broadcast(const at::Tensor& tensor);
  // Becomes the sum of all members'; the same bits for each.
  absl::Status all_reduce(const at::Tensor& tensor);
  absl::Status sum(std::span<double> numbers);

  // Waits until the GPU is through with all of the above. Whoever waits for the GPU otherwise is
  // let go where a member is lost, and learns of it here.
  absl::Status settle();
  // Whether nothing of it has been broken off so far.
  absl::Status check();

  // What one member says and others wait for, by its name.
  absl::Status tell(const std::string& name, const std::string& value);
  // Waits as long as `from`, a rank of the group, is there.
  absl::StatusOr<std::string> ask(int64_t from, const std::string& name);
  // The least of the numbers that all say under that name.
  absl::StatusOr<int64_t> least(const std::string& name, int64_t number);

  // Whether a rank of the group still belongs to it.
  absl::StatusOr<bool> is_there(int64_t member);

  // "rank 1 of 4, train 02", for messages.
  std::string who() const;

 private:
  Group(std::shared_ptr<Store> store,
        std::shared_ptr<Presence> presence,
        std::string name,
        std::vector<std::string> members);
  absl::Status meet(Waits waits);
  absl::StatusOr<std::string> own_address();
  std::string key(int64_t member, std::string_view name) const;
  absl::StatusOr<std::string> missing();
  absl::StatusOr<std::string> missing_because(int64_t other);
  absl::Status explain(const std::string& doing, const std::string& error);
  void abandon();
  template <typename Begin>
  Pending begin(const std::string& doing, bool on_gpu, const Begin& begin);
  c10::intrusive_ptr<c10d::Work> begin_on_gpu(
      const std::function<c10::intrusive_ptr<c10d::Work>(c10d::Backend&)>& begin);

  const std::shared_ptr<Store> store_;
  const std::shared_ptr<Presence> presence_;
  const std::string name_;
  const std::vector<std::string> members_;  // Store::process()
  int64_t rank_ = 0;
  std::string why_;       // this one gives up; empty: it has not
  CalledOff called_off_;  // null: it is waited for whoever is there
  struct Backend;         // keeps c10d's headers out of this one
  std::unique_ptr<Backend> backend_;
};

}  // namespace restem
