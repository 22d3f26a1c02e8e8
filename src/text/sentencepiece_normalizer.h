// What SentencePiece does to a text before its model sees it (SentencePiece, src/normalizer.cc).
#pragma once

#include <memory>

#include "base/status.h"
#include "text/byte_trie.h"
#include "text/normalizer.h"
#include "text/sentencepiece_file.h"

namespace restem::text {

// `user_defined`: pieces that are kept as they are. InvalidInput, without the file's name, for a
// damaged charsmap.
absl::StatusOr<std::shared_ptr<const Normalizer>> MakeSentencePieceNormalizer(
    const SentencePieceFile& file, ByteTrie user_defined);

}  // namespace restem::text
