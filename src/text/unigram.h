// The unigram language model: of all ways to cut a text into tokens, the one with the largest sum
// of scores (Kudo 2018, arXiv 1804.10959), found by Viterbi's algorithm.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "text/byte_trie.h"
#include "text/model.h"
#include "text/word_cache.h"

namespace restem::text {

class Unigram : public Model {
 public:
  struct Options {
    std::vector<double> scores;  // by id
    // By id: may a text hold it? Those for which it may not are only ever added.
    std::vector<bool> in_text;
    int32_t unknown = 0;
    double unknown_score = 0.0;  // of one character that is no token
    bool byte_fallback = false;
    // SentencePiece's own arithmetic is float32, that of the `tokenizers` library float64. Which
    // way two sums of nearly the same size compare depends on it.
    bool single_precision = false;
    // The library looks a run of unknown characters up as a whole; SentencePiece does not.
    bool look_up_unknown_runs = true;
  };

  // Every token that a text may hold has 1 to ByteTrie::kMaxBytes bytes.
  Unigram(Vocabulary vocabulary, Options options);

  void encode(std::string_view word, std::vector<int32_t>* ids) const override;

 private:
  template <typename Sum>
  void viterbi(std::string_view word, std::vector<int32_t>* ids) const;
  void append_unknown_run(std::string_view run, std::vector<int32_t>* ids) const;

  Options options_;
  ByteTrie trie_;
  ByteTokens bytes_;
  mutable WordCache cache_;
};

// The "model" of a tokenizer.json.
absl::StatusOr<std::unique_ptr<const Model>> ParseUnigram(const JsonView& view);

}  // namespace restem::text
