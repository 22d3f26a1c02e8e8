#include "text/checks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <vector>

namespace restem {
namespace {

absl::Status CheckOne(const Tokenizer& tokenizer, int32_t id) {
  const std::string token(tokenizer.id_to_token(id));
  if (token.empty()) {
    return InvalidInput(fmt::format(
        "{}: the end-of-sequence id {} has no token (there are {} ids); see eos_token_id in "
        "config.json and generation_config.json",
        tokenizer.file(),
        id,
        tokenizer.vocab_size()));
  }
  const std::vector<int32_t> only{id};
  const auto complain = [&](std::string_view what) {
    return InvalidInput(fmt::format(
        "{}: the end-of-sequence token {} (\"{}\") {}", tokenizer.file(), id, token, what));
  };
  const std::vector<int32_t> encoded = tokenizer.encode(token, /*add_special_tokens=*/false);
  if (encoded != only) {
    return complain(
        fmt::format("encodes to [{}]: add it to added_tokens", fmt::join(encoded, ", ")));
  }
  const std::vector<int32_t> inside =
      tokenizer.encode("a " + token + " b", /*add_special_tokens=*/false);
  if (std::count(inside.begin(), inside.end(), id) != 1) {
    return complain(
        fmt::format("is not found inside a text, which encodes to [{}]", fmt::join(inside, ", ")));
  }
  if (!tokenizer.is_special(id)) {
    return complain("is not marked as special in added_tokens, so it would stay in decoded text");
  }
  const std::string hidden = tokenizer.decode(only, /*skip_special_tokens=*/true);
  if (!hidden.empty()) {
    return complain(fmt::format("decodes to \"{}\" although special tokens are skipped", hidden));
  }
  const std::string shown = tokenizer.decode(only, /*skip_special_tokens=*/false);
  if (tokenizer.encode(shown, /*add_special_tokens=*/false) != only) {
    return complain(fmt::format("decodes to \"{}\", which does not encode to it", shown));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckEosRoundTrip(const Tokenizer& tokenizer, std::span<const int32_t> eos_ids) {
  if (eos_ids.empty()) {
    return InvalidInput(
        fmt::format("{}: no end-of-sequence token is known: set eos_token_id in config.json or "
                    "generation_config.json",
                    tokenizer.file()));
  }
  for (const int32_t id : eos_ids) RESTEM_RETURN_IF_ERROR(CheckOne(tokenizer, id));
  return absl::OkStatus();
}

}  // namespace restem
