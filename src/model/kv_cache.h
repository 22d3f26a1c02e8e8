// The paged KV cache: a pool of pages for all layers at once, and sequences that hold references to
// pages of it. Layout of a page: kernels/paged_attention.h.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "kernels/paged_attention.h"
#include "model/config.h"

namespace restem {

constexpr int64_t PagesFor(int64_t keys) {
  return (keys + kernels::kKeysPerPage - 1) / kernels::kKeysPerPage;
}

// A fixed number of pages, counted by reference. Thread-safe.
class KvPagePool {
 public:
  explicit KvPagePool(int64_t pages);
  virtual ~KvPagePool() = default;
  KvPagePool(const KvPagePool&) = delete;
  KvPagePool& operator=(const KvPagePool&) = delete;

  // Pages with one reference each, all or (empty) none.
  std::vector<int32_t> take(int64_t count);
  void share(std::span<const int32_t> pages);
  void give_back(std::span<const int32_t> pages);
  // Page `to` becomes, in all layers, what page `from` is by now.
  virtual void copy(int32_t from, int32_t to) = 0;

  int64_t free_pages() const;

 private:
  mutable std::mutex mutex_;
  std::vector<int32_t> references_;  // [pages]
  std::vector<int32_t> free_;        // last in, first out: pages that have memory are used again
};

// Pages of a CPU. Memory is taken from the system when a page is first written.
class CpuKvPages : public KvPagePool {
 public:
  static int64_t page_bytes(const ModelConfig& config);

  CpuKvPages(const ModelConfig& config, int64_t pages);
  ~CpuKvPages() override;

  void copy(int32_t from, int32_t to) override;

  const kernels::PagedAttentionShape& shape() const { return shape_; }
  const kernels::PagedKv& kv() const { return kv_; }

 private:
  kernels::PagedAttentionShape shape_;
  kernels::PagedKv kv_;
  const int64_t page_floats_;
  const int64_t bytes_;
};

// The keys of one sequence: page i holds positions [16i, 16i + 16). Gives its references back when
// it goes.
class KvSequence {
 public:
  explicit KvSequence(KvPagePool& pool) : pool_(&pool) {}
  KvSequence(KvSequence&& other) noexcept;
  KvSequence& operator=(KvSequence&& other) noexcept;
  ~KvSequence() { clear(); }

  // Room for so many keys altogether. False where the pool has not enough: then nothing changes.
  bool reserve(int64_t keys);
  // So many keys have been computed; at most what is reserved.
  void set_keys(int64_t keys) { keys_ = keys; }
  // Another sequence that begins with the keys of this one: full pages are shared, the keys of a
  // last, partly filled page are copied. nullopt where the pool has no page for them.
  std::optional<KvSequence> fork() const;
  void clear();

  int64_t keys() const { return keys_; }
  std::span<const int32_t> pages() const { return pages_; }

 private:
  KvPagePool* pool_;
  std::vector<int32_t> pages_;
  int64_t keys_ = 0;
};

}  // namespace restem
