#include "text/bpe.h"

#include <algorithm>
#include <queue>

#include "text/unicode.h"

namespace restem::text {

std::optional<int32_t> Bpe::token_to_id(std::string_view token) const {
  const auto found = vocab_.find(ToAbsl(token));
  if (found == vocab_.end()) return std::nullopt;
  return found->second;
}

std::string_view Bpe::id_to_token(int32_t id) const {
  if (id < 0 || id >= id_limit()) return {};
  return tokens_[static_cast<size_t>(id)];
}

void Bpe::encode(std::string_view word, std::vector<int32_t>* ids) const {
  if (word.empty()) return;
  if (ignore_merges_) {
    if (const std::optional<int32_t> id = token_to_id(word)) {
      ids->push_back(*id);
      return;
    }
  }
  const bool cacheable = word.size() < BpeCache::kMaxWordBytes;
  if (cacheable && cache_->find(word, ids)) return;
  std::vector<Symbol> symbols = symbols_of(word);
  merge(symbols);
  const size_t before = ids->size();
  for (const Symbol& symbol : symbols) {
    if (!symbol.removed) ids->push_back(symbol.id);
  }
  if (cacheable) cache_->insert(word, ids->data() + before, ids->size() - before);
}

// One symbol for each character, or for each of its bytes where the vocabulary lacks it, or the
// unknown token. A character that has none of these vanishes, as it does in the `tokenizers`
// library.
std::vector<Bpe::Symbol> Bpe::symbols_of(std::string_view word) const {
  std::vector<Symbol> symbols;
  symbols.reserve(word.size());
  const auto add = [&symbols](int32_t id) { symbols.push_back({id, 0, 0, false}); };
  bool unknown_pending = false;
  const auto flush_unknown = [&] {
    if (unknown_pending) add(*unknown_);
    unknown_pending = false;
  };
  std::string decorated;
  for (size_t at = 0; at < word.size();) {
    const size_t begin = at;
    NextCodepoint(word, &at);
    std::string_view character = word.substr(begin, at - begin);
    const bool prefix = begin > 0 && !continuing_subword_prefix_.empty();
    const bool suffix = at == word.size() && !end_of_word_suffix_.empty();
    if (prefix || suffix) {
      decorated = (prefix ? continuing_subword_prefix_ : "") + std::string(character) +
                  (suffix ? end_of_word_suffix_ : "");
      character = decorated;
    }
    if (const std::optional<int32_t> id = token_to_id(character)) {
      flush_unknown();
      add(*id);
    } else if (!(byte_fallback_ && append_byte_fallback(character, symbols)) && unknown_) {
      // An unknown token waits for a known one, so that neighbours can fuse. Bytes do not wait for
      // it, and so may overtake it: the order of the `tokenizers` library.
      if (!fuse_unknown_) flush_unknown();
      unknown_pending = true;
    }
  }
  flush_unknown();
  return symbols;
}

bool Bpe::append_byte_fallback(std::string_view character, std::vector<Symbol>& symbols) const {
  const auto id_of = [this](char byte) { return byte_ids_[static_cast<uint8_t>(byte)]; };
  if (!std::all_of(
          character.begin(), character.end(), [&](char byte) { return id_of(byte) >= 0; })) {
    return false;
  }
  for (const char byte : character) symbols.push_back({id_of(byte), 0, 0, false});
  return true;
}

const Bpe::Merge* Bpe::find_merge(int32_t left, int32_t right) const {
  const auto found = merges_.find(static_cast<uint64_t>(left) << 32 | static_cast<uint64_t>(right));
  return found == merges_.end() ? nullptr : &found->second;
}

struct Bpe::Candidate {
  int32_t rank;
  int32_t position;  // of the left symbol
  int32_t id;        // of the merged token

  // For a heap that yields the lowest rank first, and of equals the leftmost.
  bool operator<(const Candidate& other) const {
    return rank != other.rank ? rank > other.rank : position > other.position;
  }
};

void Bpe::merge(std::vector<Symbol>& symbols) const {
  const auto count = static_cast<int32_t>(symbols.size());
  std::vector<Candidate> storage;
  storage.reserve(symbols.size());
  std::priority_queue<Candidate> queue(std::less<Candidate>(), std::move(storage));
  const auto offer = [&](int32_t left, int32_t right) {
    const Merge* merge =
        find_merge(symbols[static_cast<size_t>(left)].id, symbols[static_cast<size_t>(right)].id);
    if (merge != nullptr) queue.push({merge->rank, left, merge->id});
  };
  for (int32_t i = 0; i < count; ++i) {
    symbols[static_cast<size_t>(i)].previous = i - 1;
    symbols[static_cast<size_t>(i)].next = i + 1 < count ? i + 1 : -1;
    if (i + 1 < count) offer(i, i + 1);
  }
  while (!queue.empty()) {
    const Candidate top = queue.top();
    queue.pop();
    Symbol& left = symbols[static_cast<size_t>(top.position)];
    if (left.removed || left.next < 0) continue;
    Symbol& right = symbols[static_cast<size_t>(left.next)];
    // The neighbours may have changed since this was offered.
    const Merge* current = find_merge(left.id, right.id);
    if (current == nullptr || current->id != top.id) continue;
    left.id = top.id;
    left.next = right.next;
    right.removed = true;
    if (left.next >= 0) symbols[static_cast<size_t>(left.next)].previous = top.position;
    if (left.previous >= 0) offer(left.previous, top.position);
    if (left.next >= 0) offer(top.position, left.next);
  }
}

}  // namespace restem::text
