// Pages of keys and values for all layers at once, and runs of them. Layout:
// kernels/cached_attention.h.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/cached_attention.h"
#include "model/config.h"

namespace restem {

// Hands out pages whose padding is zero; keys of an earlier run may be left in them of 16 keys and
// takes them back; for one thread.
class KvPagePool {
 public:
  explicit KvPagePool(const ModelConfig& config);

  float* take();
  void give_back(float* page);

  const kernels::CachedAttentionShape& shape() const { return shape_; }

 private:
  kernels::CachedAttentionShape shape_;
  int64_t page_floats_;
  std::vector<std::unique_ptr<float[]>> pages_;
  std::vector<float*> free_;
};

// The keys of one prompt, or of one sample behind its prompt. Gives its pages back when it goes.
class KvRun {
 public:
  explicit KvRun(KvPagePool& pool) : pool_(&pool) {}
  KvRun(KvRun&& other) noexcept;
  KvRun& operator=(KvRun&& other) noexcept;
  ~KvRun() { clear(); }

  // Makes room for one more key, which `store` then fills layer by layer.
  void extend();
  // Key number `key` of `layer`: k and v are [kv_heads, head_dim].
  void store(int64_t layer, int64_t key, const float* k, const float* v);
  void clear();

  int64_t keys() const { return keys_; }
  kernels::CachedKeys view() const { return {pages_, keys_}; }

 private:
  KvPagePool* pool_;
  std::vector<float*> pages_;
  int64_t keys_ = 0;
};

}  // namespace restem
