// Loading a model for a command.
#pragma once

#include <memory>
#include <string>

#include "app/flags.h"
#include "base/status.h"
#include "model/decoder.h"
#include "text/tokenizer.h"

namespace restem {

struct LoadedModel {
  Model model;
  std::shared_ptr<const Tokenizer> tokenizer;
};

// In --dtype, or in the dtype that the checkpoint's config.json names. A device that is not
// there is refused, and so is a tokenizer with more tokens than the embedding has rows.
absl::StatusOr<LoadedModel> LoadForCommand(const std::string& dir, const CommonFlags& flags);

}  // namespace restem
