#include "text/unigram.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "text/unicode.h"

namespace restem::text {
namespace {

size_t CharacterBytes(char lead) {
  const auto byte = static_cast<uint8_t>(lead);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

constexpr float kLargestSum = 100000.0F;

struct Path {
  size_t begin;
  size_t end;
  int32_t id;
};

}  // namespace

Unigram::Unigram(Vocabulary vocabulary, Options options)
    : Model(std::move(vocabulary)), options_(std::move(options)), bytes_(this->vocabulary()) {
  for (int32_t id = 0; id < this->vocabulary().id_limit(); ++id) {
    if (!options_.in_text[static_cast<size_t>(id)]) continue;
    trie_.insert(this->vocabulary().id_to_token(id), id);
  }
}

void Unigram::encode(std::string_view word, std::vector<int32_t>* ids) const {
  if (word.empty()) return;
  if (options_.single_precision) return viterbi<float>(word, ids);
  const bool cacheable = word.size() < WordCache::kMaxWordBytes;
  if (cacheable && cache_.find(word, ids)) return;
  const size_t before = ids->size();
  viterbi<double>(word, ids);
  if (cacheable) cache_.insert(word, ids->data() + before, ids->size() - before);
}

template <typename Sum>
void Unigram::viterbi(std::string_view word, std::vector<int32_t>* ids) const {
  constexpr uint32_t kNowhere = ~0u;
  struct Best {  // of all paths that end at a place
    Sum score = 0;
    uint32_t begin = kNowhere;  // of the last token
    int32_t id = 0;
  };
  thread_local std::vector<Best> best;
  best.assign(word.size() + 1, Best());
  size_t frontier = 0;  // no path is known beyond
  const auto offer = [&](size_t place, Sum score, size_t begin, int32_t id) {
    frontier = std::max(frontier, place);
    Best& end = best[place];
    if (end.begin != kNowhere && !(score > end.score)) return;
    end = {score, static_cast<uint32_t>(begin), id};
  };
  for (size_t begin = 0; begin < word.size();) {
    // SentencePiece does so too, to keep what float32 has of a long text.
    if (std::is_same_v<Sum, float> && std::abs(best[begin].score) > kLargestSum) {
      const Sum offset = best[begin].score;
      for (size_t at = begin; at <= frontier; ++at) {
        if (at == begin || best[at].begin != kNowhere) best[at].score -= offset;
      }
    }
    const Sum so_far = best[begin].score;
    const size_t character = CharacterBytes(word[begin]);
    bool known = false;
    uint32_t node = ByteTrie::kRoot;
    for (size_t at = begin; at < word.size();) {
      node = trie_.step(node, word[at++]);
      if (node == ByteTrie::kNone) break;
      const int32_t id = trie_.value(node);
      if (id < 0) continue;
      offer(at, static_cast<Sum>(options_.scores[static_cast<size_t>(id)]) + so_far, begin, id);
      known = known || at == begin + character;
    }
    if (!known) {
      offer(begin + character,
            static_cast<Sum>(options_.unknown_score) + so_far,
            begin,
            options_.unknown);
    }
    begin += character;
  }
  thread_local std::vector<Path> path;
  path.clear();
  for (size_t end = word.size(); end > 0; end = best[end].begin) {
    const Best& last = best[end];
    // Neighbouring unknown characters are one.
    if (last.id == options_.unknown && !path.empty() && path.back().id == options_.unknown) {
      path.back().begin = last.begin;
    } else {
      path.push_back({last.begin, end, last.id});
    }
  }
  for (auto part = path.rbegin(); part != path.rend(); ++part) {
    if (part->id != options_.unknown) {
      ids->push_back(part->id);
    } else {
      append_unknown_run(word.substr(part->begin, part->end - part->begin), ids);
    }
  }
}

void Unigram::append_unknown_run(std::string_view run, std::vector<int32_t>* ids) const {
  if (options_.look_up_unknown_runs) {
    if (const auto id = vocabulary().token_to_id(run)) {
      ids->push_back(*id);
      return;
    }
  }
  const auto add = [ids](int32_t id) { ids->push_back(id); };
  if (!(options_.byte_fallback && bytes_.spell(run, add))) ids->push_back(options_.unknown);
}

}  // namespace restem::text
