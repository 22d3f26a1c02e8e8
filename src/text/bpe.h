// Byte-pair encoding: the "model" of a tokenizer.json (Sennrich et al. 2016, arXiv 1508.07909).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/status.h"
#include "text/bpe_cache.h"
#include "text/json_view.h"

namespace restem::text {

class Bpe {
 public:
  static absl::StatusOr<std::unique_ptr<const Bpe>> parse(const JsonView& view);

  // Appends the ids of one piece of text, by itself: nothing merges across pieces. Safe for several
  // threads.
  void encode(std::string_view word, std::vector<int32_t>* ids) const;

  std::optional<int32_t> token_to_id(std::string_view token) const;
  // Empty for an id without a token.
  std::string_view id_to_token(int32_t id) const;

  // Number of tokens, and largest id + 1.
  int32_t token_count() const { return static_cast<int32_t>(vocab_.size()); }
  int32_t id_limit() const { return static_cast<int32_t>(tokens_.size()); }

 private:
  struct Merge {
    int32_t rank;  // merges of lower rank go first
    int32_t id;    // of the merged token
  };
  struct Symbol {
    int32_t id;
    int32_t previous;  // index into the word's symbols, -1 at the ends
    int32_t next;
    bool removed;
  };
  struct Candidate;  // a merge that could be made

  Bpe() : cache_(std::make_unique<BpeCache>()) {}
  absl::Status parse_options(const JsonView& view);
  absl::Status parse_vocab(const JsonView& view);
  absl::Status parse_merges(const JsonView& view);
  absl::Status add_merge(const JsonView& merges,
                         size_t rank,
                         std::string_view left,
                         std::string_view right);

  std::vector<Symbol> symbols_of(std::string_view word) const;
  bool append_byte_fallback(std::string_view character, std::vector<Symbol>& symbols) const;
  void merge(std::vector<Symbol>& symbols) const;
  const Merge* find_merge(int32_t left, int32_t right) const;

  std::vector<std::string> tokens_;                        // by id
  absl::flat_hash_map<absl::string_view, int32_t> vocab_;  // views of tokens_
  absl::flat_hash_map<uint64_t, Merge> merges_;            // key: left id << 32 | right id
  std::array<int32_t, 256> byte_ids_{};  // of <0x00> … <0xFF>; -1: not in the vocabulary
  std::optional<int32_t> unknown_;
  std::string continuing_subword_prefix_;
  std::string end_of_word_suffix_;
  bool fuse_unknown_ = false;
  bool byte_fallback_ = false;
  bool ignore_merges_ = false;
  std::unique_ptr<BpeCache> cache_;
};

}  // namespace restem::text
