#include "text/model.h"

#include <fmt/format.h>

#include "text/bpe.h"
#include "text/unigram.h"

namespace restem::text {

absl::StatusOr<std::unique_ptr<const Model>> ParseModel(const JsonView& view) {
  // The oldest files leave the type out.
  RESTEM_ASSIGN_OR_RETURN(const std::string type, view.string_or("type", "BPE"));
  if (type == "BPE") return ParseBpe(view);
  if (type == "Unigram") return ParseUnigram(view);
  return view.error(fmt::format("a model of type {} is not supported, only BPE and Unigram", type));
}

ByteTokens::ByteTokens(const Vocabulary& vocabulary) {
  for (size_t byte = 0; byte < ids_.size(); ++byte) {
    ids_[byte] = vocabulary.token_to_id(fmt::format("<0x{:02X}>", byte)).value_or(-1);
  }
}

}  // namespace restem::text
