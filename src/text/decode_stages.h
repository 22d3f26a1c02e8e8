// The stages that a decoder can consist of. See decoder.h for what a run is.
#pragma once

#include <memory>
#include <string>

#include "text/decoder.h"
#include "text/pattern.h"

namespace restem::text {

// Joins tokens by spaces: what the library does for a tokenizer without a decoder.
std::unique_ptr<DecodeStage> MakeSpaceJoinStage();

// Bytes behind GPT-2's stand-ins. An incomplete character waits for its rest; what is no UTF-8
// becomes U+FFFD.
std::unique_ptr<DecodeStage> MakeByteLevelStage();

// Tokens <0x00> … <0xFF> become bytes. A run of such tokens that is no UTF-8 as a whole becomes one
// U+FFFD for each token. A stream cannot take back what it has handed out: there, the complete
// characters before the fault stay.
std::unique_ptr<DecodeStage> MakeByteFallbackStage(DecodeMode mode);

std::unique_ptr<DecodeStage> MakeReplaceStage(std::shared_ptr<const Pattern> pattern,
                                              std::string content);

std::unique_ptr<DecodeStage> MakeFuseStage();

// Takes up to `start` times `content` (one character) from the front of each piece, and up to
// `stop` times from its back.
std::unique_ptr<DecodeStage> MakeStripStage(std::string content,
                                            size_t start,
                                            size_t stop,
                                            bool fused);

// `replacement` becomes a space; in the first token it vanishes if `drop_in_first`.
std::unique_ptr<DecodeStage> MakeMetaspaceStage(std::string replacement, bool drop_in_first);

}  // namespace restem::text
