// Byte-pair encoding (Sennrich et al. 2016, arXiv 1508.07909).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/status.h"
#include "text/byte_trie.h"
#include "text/model.h"
#include "text/word_cache.h"

namespace restem::text {

class Bpe : public Model {
 public:
  struct Options {
    std::optional<int32_t> unknown;
    std::string continuing_subword_prefix;
    std::string end_of_word_suffix;
    bool fuse_unknown = false;
    bool byte_fallback = false;
    bool ignore_merges = false;  // a word that is a token is that token, however merges go
  };
  struct Merge {
    int32_t rank;  // merges of lower rank go first, of one rank the leftmost
    int32_t id;    // of the merged token
  };
  using Merges = absl::flat_hash_map<uint64_t, Merge>;  // key: left id << 32 | right id

  // `whole`: tokens that a text is cut at before anything else, the longest first; they never
  // merge.
  Bpe(Vocabulary vocabulary, Merges merges, Options options, ByteTrie whole = {});

  void encode(std::string_view word, std::vector<int32_t>* ids) const override;

  static uint64_t key_of(int32_t left, int32_t right) {
    return static_cast<uint64_t>(left) << 32 | static_cast<uint64_t>(right);
  }

 private:
  struct Symbol {
    int32_t id;
    int32_t previous;  // index into the word's symbols, -1 at the ends
    int32_t next;
    bool removed;
  };
  struct Candidate;  // a merge that could be made

  void encode_part(std::string_view word, std::vector<int32_t>* ids) const;
  std::vector<Symbol> symbols_of(std::string_view word) const;
  void merge(std::vector<Symbol>& symbols) const;
  const Merge* find_merge(int32_t left, int32_t right) const;
  bool marks_begin_words() const;

  Merges merges_;
  Options options_;
  ByteTrie whole_;
  ByteTokens bytes_;
  bool cut_at_marks_;
  mutable WordCache cache_;
};

// The "model" of a tokenizer.json.
absl::StatusOr<std::unique_ptr<const Model>> ParseBpe(const JsonView& view);

}  // namespace restem::text
