// The "pre_tokenizer" of a tokenizer.json: how a normalized text is cut into the words that the
// model encodes one by one.
#pragma once

#include <memory>
#include <vector>

#include "base/status.h"
#include "text/json_view.h"
#include "text/split.h"

namespace restem::text {

class PreTokenizer {
 public:
  virtual ~PreTokenizer() = default;
  // Cuts or rewrites the pieces that are no added tokens. Text that it makes is kept in `arena`.
  virtual void apply(std::vector<Piece>& pieces, TextArena& arena) const = 0;
  // At most how many bytes come out for one that goes in?
  virtual double growth() const { return 1; }
};

// ByteLevel, Split, Whitespace, Metaspace, Sequence, and those of character_splits.h. Null for
// JSON's null.
absl::StatusOr<std::shared_ptr<const PreTokenizer>> ParsePreTokenizer(const JsonView& view);

}  // namespace restem::text
