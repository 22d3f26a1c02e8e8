#include "text/bpe.h"

#include <algorithm>
#include <queue>

#include "text/unicode.h"

namespace restem::text {
namespace {

constexpr std::string_view kSpaceMark = "\xE2\x96\x81";  // U+2581, SentencePiece's space

// Where, after `from`, a mark follows something that is no mark; npos: nowhere.
size_t NextWord(std::string_view text, size_t from) {
  size_t at = text.find(kSpaceMark, from);
  while (at != std::string_view::npos) {
    if (at > from && !text.substr(from, at - from).ends_with(kSpaceMark)) break;
    at = text.find(kSpaceMark, at + kSpaceMark.size());
  }
  return at;
}

}  // namespace

Bpe::Bpe(Vocabulary vocabulary, Merges merges, Options options, ByteTrie whole)
    : Model(std::move(vocabulary)),
      merges_(std::move(merges)),
      options_(std::move(options)),
      whole_(std::move(whole)),
      bytes_(this->vocabulary()),
      cut_at_marks_(marks_begin_words()) {}

// Does SentencePiece's space stand nowhere in a token but after its own kind? Then nothing merges
// across the beginning of such a run, and a text that no pre-tokenizer cuts can be cut there. The
// mark must be a token itself: it ends a run of unknown characters.
bool Bpe::marks_begin_words() const {
  const bool whole_word = options_.ignore_merges || !options_.continuing_subword_prefix.empty() ||
                          !options_.end_of_word_suffix.empty();
  if (whole_word || !vocabulary().token_to_id(kSpaceMark)) return false;
  for (int32_t id = 0; id < vocabulary().id_limit(); ++id) {
    if (NextWord(vocabulary().id_to_token(id), 0) != std::string_view::npos) return false;
  }
  return true;
}

void Bpe::encode(std::string_view word, std::vector<int32_t>* ids) const {
  if (!cut_at_marks_) return encode_part(word, ids);
  for (size_t begin = 0; begin < word.size();) {
    const size_t end = std::min(NextWord(word, begin), word.size());
    encode_part(word.substr(begin, end - begin), ids);
    begin = end;
  }
}

void Bpe::encode_part(std::string_view word, std::vector<int32_t>* ids) const {
  if (word.empty()) return;
  if (options_.ignore_merges) {
    if (const std::optional<int32_t> id = vocabulary().token_to_id(word)) {
      ids->push_back(*id);
      return;
    }
  }
  const bool cacheable = word.size() < WordCache::kMaxWordBytes;
  if (cacheable && cache_.find(word, ids)) return;
  std::vector<Symbol> symbols = symbols_of(word);
  merge(symbols);
  const size_t before = ids->size();
  for (const Symbol& symbol : symbols) {
    if (!symbol.removed) ids->push_back(symbol.id);
  }
  if (cacheable) cache_.insert(word, ids->data() + before, ids->size() - before);
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
    if (unknown_pending) add(*options_.unknown);
    unknown_pending = false;
  };
  std::string decorated;
  for (size_t at = 0; at < word.size();) {
    const size_t begin = at;
    if (const ByteTrie::Match match = whole_.longest(word.substr(at)); match.length > 0) {
      flush_unknown();
      add(match.value);
      at += match.length;
      continue;
    }
    NextCodepoint(word, &at);
    std::string_view character = word.substr(begin, at - begin);
    const bool prefix = begin > 0 && !options_.continuing_subword_prefix.empty();
    const bool suffix = at == word.size() && !options_.end_of_word_suffix.empty();
    if (prefix || suffix) {
      decorated = (prefix ? options_.continuing_subword_prefix : "") + std::string(character) +
                  (suffix ? options_.end_of_word_suffix : "");
      character = decorated;
    }
    if (const std::optional<int32_t> id = vocabulary().token_to_id(character)) {
      flush_unknown();
      add(*id);
    } else if (!(options_.byte_fallback && bytes_.spell(character, add)) && options_.unknown) {
      // An unknown token waits for a known one, so that neighbours can fuse. Bytes do not wait for
      // it, and so may overtake it: the order of the `tokenizers` library.
      if (!options_.fuse_unknown) flush_unknown();
      unknown_pending = true;
    }
  }
  flush_unknown();
  return symbols;
}

const Bpe::Merge* Bpe::find_merge(int32_t left, int32_t right) const {
  const auto found = merges_.find(key_of(left, right));
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
