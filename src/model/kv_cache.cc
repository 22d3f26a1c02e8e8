#include "model/kv_cache.h"

#include <sys/mman.h>

#include <algorithm>
#include <new>
#include <utility>

#include "model/decoder.h"

namespace restem {
namespace {

kernels::PagedAttentionShape ShapeOf(const ModelConfig& config) {
  return {config.num_attention_heads,
          config.num_key_value_heads,
          config.head_dim,
          static_cast<float>(AttentionRuleOf(config, 0).scale),
          static_cast<float>(config.attention_soft_cap)};
}

}  // namespace

KvPagePool::KvPagePool(int64_t pages) : references_(static_cast<size_t>(pages)) {
  for (int64_t page = pages; page-- > 0;) free_.push_back(static_cast<int32_t>(page));
}

std::vector<int32_t> KvPagePool::take(int64_t count) {
  const std::lock_guard lock(mutex_);
  if (count > static_cast<int64_t>(free_.size())) return {};
  std::vector<int32_t> pages(free_.end() - count, free_.end());
  std::reverse(pages.begin(), pages.end());
  free_.resize(free_.size() - static_cast<size_t>(count));
  for (const int32_t page : pages) references_[static_cast<size_t>(page)] = 1;
  return pages;
}

void KvPagePool::share(std::span<const int32_t> pages) {
  const std::lock_guard lock(mutex_);
  for (const int32_t page : pages) ++references_[static_cast<size_t>(page)];
}

void KvPagePool::give_back(std::span<const int32_t> pages) {
  const std::lock_guard lock(mutex_);
  for (const int32_t page : pages) {
    if (--references_[static_cast<size_t>(page)] == 0) free_.push_back(page);
  }
}

int64_t KvPagePool::free_pages() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int64_t>(free_.size());
}

int64_t CpuKvPages::page_bytes(const ModelConfig& config) {
  return config.num_hidden_layers * kernels::PagedKv::layer_stride(ShapeOf(config)) *
         static_cast<int64_t>(sizeof(float));
}

CpuKvPages::CpuKvPages(const ModelConfig& config, int64_t pages)
    : KvPagePool(pages),
      shape_(ShapeOf(config)),
      page_floats_(page_bytes(config) / static_cast<int64_t>(sizeof(float))),
      bytes_(std::max<int64_t>(1, pages) * page_bytes(config)) {
  // Address space that is zero when it is first touched, and memory only from then on.
  void* memory = mmap(nullptr,
                      static_cast<size_t>(bytes_),
                      PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                      /*fd=*/-1,
                      /*offset=*/0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  kv_ = {static_cast<float*>(memory), config.num_hidden_layers};
}

CpuKvPages::~CpuKvPages() { munmap(kv_.pages, static_cast<size_t>(bytes_)); }

void CpuKvPages::copy(int32_t from, int32_t to) {
  std::copy_n(kv_.pages + from * page_floats_, page_floats_, kv_.pages + to * page_floats_);
}

KvSequence::KvSequence(KvSequence&& other) noexcept
    : pool_(other.pool_),
      pages_(std::exchange(other.pages_, {})),
      keys_(std::exchange(other.keys_, 0)) {}

KvSequence& KvSequence::operator=(KvSequence&& other) noexcept {
  if (this == &other) return *this;
  clear();
  pool_ = other.pool_;
  pages_ = std::exchange(other.pages_, {});
  keys_ = std::exchange(other.keys_, 0);
  return *this;
}

bool KvSequence::reserve(int64_t keys) {
  const int64_t missing = PagesFor(keys) - static_cast<int64_t>(pages_.size());
  if (missing <= 0) return true;
  const std::vector<int32_t> taken = pool_->take(missing);
  pages_.insert(pages_.end(), taken.begin(), taken.end());
  return !taken.empty();
}

std::optional<KvSequence> KvSequence::fork() const {
  const auto full = static_cast<size_t>(keys_ / kernels::kKeysPerPage);
  KvSequence other(*pool_);
  other.pages_.assign(pages_.begin(), pages_.begin() + static_cast<ptrdiff_t>(full));
  pool_->share(other.pages_);
  if (!other.reserve(keys_)) return std::nullopt;
  if (other.pages_.size() > full) pool_->copy(pages_[full], other.pages_[full]);
  other.keys_ = keys_;
  return other;
}

void KvSequence::clear() {
  pool_->give_back(pages_);
  pages_.clear();
  keys_ = 0;
}

}  // namespace restem
