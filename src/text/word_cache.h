// Words that were encoded before. Text repeats its words, so most lookups end here.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/status.h"

namespace restem::text {

// Safe for several threads: each shard has its own lock. When a shard is full, it keeps what it
// has.
class WordCache {
 public:
  static constexpr size_t kMaxWordBytes = 256;

  // Appends the word's ids to `ids` if they are known.
  bool find(std::string_view word, std::vector<int32_t>* ids) {
    Shard& shard = shard_of(word);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.words.find(ToAbsl(word));
    if (found == shard.words.end()) return false;
    ids->insert(ids->end(), found->second.begin(), found->second.end());
    return true;
  }

  void insert(std::string_view word, const int32_t* ids, size_t count) {
    Shard& shard = shard_of(word);
    const std::lock_guard lock(shard.mutex);
    if (shard.words.size() >= kWordsPerShard) return;
    shard.words.try_emplace(std::string(word), ids, ids + count);
  }

 private:
  static constexpr size_t kShards = 16;
  static constexpr size_t kWordsPerShard = 4096;

  struct Shard {
    std::mutex mutex;
    absl::flat_hash_map<std::string, std::vector<int32_t>> words;
  };

  Shard& shard_of(std::string_view word) {
    return shards_[std::hash<std::string_view>()(word) % kShards];
  }

  std::array<Shard, kShards> shards_;
};

}  // namespace restem::text
