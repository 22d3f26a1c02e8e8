// The two kinds of model that a SentencePiece file can hold, as the models of a tokenizer.json.
// Messages do not name the file.
#pragma once

#include <cstdint>
#include <memory>

#include "base/status.h"
#include "text/byte_trie.h"
#include "text/model.h"
#include "text/sentencepiece_file.h"

namespace restem::text {

// InvalidInput for pieces that no model can consist of, or of a kind that is not supported. The id
// of the unknown piece.
absl::StatusOr<int32_t> CheckPieces(const SentencePieceFile& file);

ByteTrie UserDefined(const SentencePieceFile& file);

// Of checked pieces.
absl::StatusOr<std::unique_ptr<const Model>> MakeModel(const SentencePieceFile& file,
                                                       int32_t unknown);

}  // namespace restem::text
