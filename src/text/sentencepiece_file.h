// A SentencePiece model file (`tokenizer.model`): the fields of its ModelProto that say how a text
// becomes tokens (SentencePiece, src/sentencepiece_model.proto).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace restem::text {

struct SentencePieceFile {
  enum class PieceType {
    kNormal = 1,
    kUnknown = 2,
    kControl = 3,      // never comes from text: <s>, </s>
    kUserDefined = 4,  // always one token where a text has it
    kUnused = 5,
    kByte = 6,  // <0x00> … <0xFF>
  };
  struct Piece {
    std::string text;
    float score = 0.0F;
    PieceType type = PieceType::kNormal;
  };
  enum class Kind { kUnigram = 1, kBpe = 2, kWord = 3, kChar = 4 };

  std::vector<Piece> pieces;  // by id

  // TrainerSpec.
  Kind kind = Kind::kUnigram;
  bool byte_fallback = false;
  bool whitespace_as_suffix = false;
  int64_t bos_id = 1;  // negative: none
  int64_t eos_id = 2;
  std::string unknown_surface = " \xE2\x81\x87 ";  // what an unknown token decodes to

  // NormalizerSpec.
  std::string charsmap;  // empty: none
  bool add_dummy_prefix = true;
  bool remove_extra_whitespaces = true;
  bool escape_whitespaces = true;

  // InvalidInput names `file` and the place.
  static absl::StatusOr<SentencePieceFile> parse(std::string_view content, const std::string& file);
};

}  // namespace restem::text
