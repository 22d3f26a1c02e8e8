// The "added_tokens" of a tokenizer.json: tokens that are found in the text itself, before the
// model sees it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/status.h"
#include "text/byte_trie.h"
#include "text/json_view.h"
#include "text/normalizer.h"
#include "text/split.h"
#include "text/vocabulary.h"

namespace restem::text {

struct AddedToken {
  int32_t id = 0;
  std::string content;
  std::string
      normalized_content;    // what the normalizer makes of it, if `normalized`; else the content
  bool single_word = false;  // only where no word character touches it
  bool lstrip = false;       // takes the white space on its left with it
  bool rstrip = false;
  bool normalized = false;  // looked for in the normalized text
  bool special = false;     // left out of decoded text
};

// Finds the longest of several strings at the leftmost place.
class TokenTrie {
 public:
  // False if the string is there already.
  bool insert(std::string_view content, const AddedToken* token);
  bool empty() const { return tokens_.empty(); }

  struct Match {
    size_t begin;
    size_t end;
    const AddedToken* token;  // null: no match
  };
  Match find(std::string_view text, size_t from) const;

 private:
  ByteTrie trie_;  // indices into tokens_
  std::vector<const AddedToken*> tokens_;
};

class AddedTokens {
 public:
  // `view` is the "added_tokens" member. A token's id must be the one that the vocabulary gives it,
  // or follow upon it.
  static absl::StatusOr<AddedTokens> parse(const JsonView& view,
                                           const Vocabulary& vocabulary,
                                           const Normalizer* normalizer);

  // Cuts a text at added tokens, and normalizes what lies between.
  std::vector<Piece> extract(std::string_view text,
                             const Normalizer* normalizer,
                             TextArena& arena) const;

  const AddedToken* find(int32_t id) const;
  const AddedToken* find(std::string_view content) const;
  int32_t id_limit() const;  // largest id + 1

 private:
  absl::Status add(const JsonView& view,
                   const Vocabulary& vocabulary,
                   const Normalizer* normalizer,
                   int32_t* next_id);
  static void split(Piece piece, const TokenTrie& trie, std::vector<Piece>& out);

  std::map<int32_t, std::unique_ptr<AddedToken>> tokens_;
  absl::flat_hash_map<std::string, const AddedToken*> by_content_;
  TokenTrie raw_;
  TokenTrie normalized_;
};

}  // namespace restem::text
