// Decoders of tokens that say where words begin or end. See decoder.h for what a run is.
#pragma once

#include <memory>
#include <string>

#include "text/decoder.h"

namespace restem::text {

// A token continues a word if it begins with `prefix`; else a space goes before it, but for the
// first. `cleanup` then takes spaces out before punctuation, token by token.
std::unique_ptr<DecodeStage> MakeWordPieceStage(std::string prefix, bool cleanup);

// `suffix` becomes a space, and nothing in the last token.
std::unique_ptr<DecodeStage> MakeWordEndStage(std::string suffix);

}  // namespace restem::text
