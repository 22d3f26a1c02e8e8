// Reading the "model" of a tokenizer.json.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "text/unigram.h"

namespace restem::text {
namespace {

// What an unknown character costs beyond the least likely token: SentencePiece's kUnkPenalty.
constexpr double kUnknownPenalty = 10.0;

absl::Status ParseTokens(const JsonView& view,
                         std::vector<std::string>* tokens,
                         std::vector<double>* scores) {
  if (!view.value().is_array() || view.value().empty()) {
    return view.error("expected a list of [\"token\", score], with one token at least");
  }
  for (const nlohmann::json& one : view.value()) {
    if (!(one.is_array() && one.size() == 2 && one[0].is_string() && one[1].is_number())) {
      return view.error(fmt::format("token {} is {}: expected [\"token\", score]",
                                    tokens->size(),
                                    one.dump().substr(0, 200)));
    }
    const auto& token = one[0].get_ref<const std::string&>();
    if (token.size() > ByteTrie::kMaxBytes) {
      return view.error(fmt::format("token {} has {} bytes: more than {} are not supported",
                                    tokens->size(),
                                    token.size(),
                                    ByteTrie::kMaxBytes));
    }
    tokens->push_back(token);
    scores->push_back(one[1].get<double>());
    if (!std::isfinite(scores->back())) {
      return view.error(fmt::format("the score of token {} is not finite", tokens->size() - 1));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<const Model>> ParseUnigram(const JsonView& view) {
  RESTEM_ASSIGN_OR_RETURN(const JsonView vocab_view, view.member("vocab"));
  std::vector<std::string> tokens;
  Unigram::Options options;
  RESTEM_RETURN_IF_ERROR(ParseTokens(vocab_view, &tokens, &options.scores));
  if (!view.has("unk_id")) {
    return view.error("\"unk_id\" is missing: without it a text could have no tokens");
  }
  RESTEM_ASSIGN_OR_RETURN(const int64_t unknown, view.integer_at("unk_id"));
  if (unknown < 0 || unknown >= static_cast<int64_t>(tokens.size())) {
    return view.error(
        fmt::format("\"unk_id\" is {}, but \"vocab\" has {} tokens", unknown, tokens.size()));
  }
  options.unknown = static_cast<int32_t>(unknown);
  options.unknown_score =
      *std::min_element(options.scores.begin(), options.scores.end()) - kUnknownPenalty;
  RESTEM_ASSIGN_OR_RETURN(options.byte_fallback, view.boolean_or("byte_fallback", false));
  for (const std::string& token : tokens) options.in_text.push_back(!token.empty());
  return std::make_unique<const Unigram>(Vocabulary(std::move(tokens)), std::move(options));
}

}  // namespace restem::text
