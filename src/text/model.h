// The "model" of a tokenizer.json: from one piece of text to token ids.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "text/json_view.h"
#include "text/vocabulary.h"

namespace restem::text {

class Model {
 public:
  explicit Model(Vocabulary vocabulary) : vocabulary_(std::move(vocabulary)) {}
  virtual ~Model() = default;
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  // Appends the ids of one piece of valid UTF-8, by itself: nothing reaches across pieces. Safe for
  // several threads.
  virtual void encode(std::string_view word, std::vector<int32_t>* ids) const = 0;

  const Vocabulary& vocabulary() const { return vocabulary_; }

 private:
  Vocabulary vocabulary_;
};

// BPE or Unigram.
absl::StatusOr<std::unique_ptr<const Model>> ParseModel(const JsonView& view);

// Ids of the tokens <0x00> … <0xFF>, which stand for bytes.
class ByteTokens {
 public:
  explicit ByteTokens(const Vocabulary& vocabulary);
  // Calls `add` with the id of each byte and returns true, if all of them are in the vocabulary.
  template <typename Add>
  bool spell(std::string_view bytes, const Add& add) const {
    for (const char byte : bytes) {
      if (id_of(byte) < 0) return false;
    }
    for (const char byte : bytes) add(id_of(byte));
    return true;
  }

 private:
  int32_t id_of(char byte) const { return ids_[static_cast<uint8_t>(byte)]; }
  std::array<int32_t, 256> ids_;  // -1: not in the vocabulary
};

}  // namespace restem::text
