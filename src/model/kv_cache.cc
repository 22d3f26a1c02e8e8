#include "model/kv_cache.h"

#include <utility>

#include "model/decoder.h"

namespace restem {

KvPagePool::KvPagePool(const ModelConfig& config)
    : shape_{config.num_attention_heads,
             config.num_key_value_heads,
             config.head_dim,
             static_cast<float>(AttentionScale(config))},
      page_floats_(config.num_hidden_layers * shape_.layer_stride()) {}

float* KvPagePool::take() {
  if (free_.empty()) {
    pages_.push_back(std::make_unique<float[]>(static_cast<size_t>(page_floats_)));
    free_.push_back(pages_.back().get());
  }
  float* page = free_.back();
  free_.pop_back();
  return page;
}

void KvPagePool::give_back(float* page) { free_.push_back(page); }

KvRun::KvRun(KvRun&& other) noexcept
    : pool_(other.pool_),
      pages_(std::exchange(other.pages_, {})),
      keys_(std::exchange(other.keys_, 0)) {}

KvRun& KvRun::operator=(KvRun&& other) noexcept {
  if (this == &other) return *this;
  clear();
  pool_ = other.pool_;
  pages_ = std::exchange(other.pages_, {});
  keys_ = std::exchange(other.keys_, 0);
  return *this;
}

void KvRun::extend() {
  if (keys_ % kernels::kKeysPerPage == 0) pages_.push_back(pool_->take());
  ++keys_;
}

void KvRun::store(int64_t layer, int64_t key, const float* k, const float* v) {
  float* page = pages_[static_cast<size_t>(key / kernels::kKeysPerPage)];
  kernels::StoreKey(pool_->shape(),
                    k,
                    v,
                    page + layer * pool_->shape().layer_stride(),
                    key % kernels::kKeysPerPage);
}

void KvRun::clear() {
  for (float* page : pages_) pool_->give_back(page);
  pages_.clear();
  keys_ = 0;
}

}  // namespace restem
