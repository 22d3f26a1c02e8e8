// What `restem check` asks of a tokenizer before anything is trained.
#pragma once

#include <cstdint>
#include <span>

#include "base/status.h"
#include "text/tokenizer.h"

namespace restem {

// Proves that each end-of-sequence id is a token whose text encodes to that id alone, also in the
// middle of other text, and decodes to its text again, or to nothing where special tokens are
// skipped. InvalidInput names the first that fails.
absl::Status CheckEosRoundTrip(const Tokenizer& tokenizer, std::span<const int32_t> eos_ids);

}  // namespace restem
