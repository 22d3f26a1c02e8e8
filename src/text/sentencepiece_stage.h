// The decoder of a SentencePiece model (SentencePiece, src/sentencepiece_processor.cc, Decode).
#pragma once

#include <memory>
#include <string>

#include "text/decoder.h"

namespace restem::text {

struct SentencePieceDecoding {
  std::string unknown_piece;
  std::string unknown_surface;  // what it decodes to
  bool bytes = false;           // are there pieces <0x00> … <0xFF>?
  // Of the marks that a text begins with, one is no space, or none of them is one.
  bool drop_first_mark = false;
  bool drop_first_marks = false;
};

std::unique_ptr<DecodeStage> MakeSentencePieceStage(SentencePieceDecoding decoding);

}  // namespace restem::text
