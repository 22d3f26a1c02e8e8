#include "text/added_tokens.h"

#include <fmt/format.h>

#include <algorithm>

#include "text/unicode.h"

namespace restem::text {
namespace {

size_t PreviousCharacter(std::string_view text, size_t end) {
  do {
    --end;
  } while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xC0) == 0x80);
  return end;
}

bool WordEndsAt(std::string_view text, size_t end) {
  if (end == 0) return false;
  size_t at = PreviousCharacter(text, end);
  return IsWordCharacter(NextCodepoint(text, &at));
}

bool WordBeginsAt(std::string_view text, size_t begin) {
  return begin < text.size() && IsWordCharacter(NextCodepoint(text, &begin));
}

size_t WhitespaceBegin(std::string_view text, size_t end) {
  while (end > 0) {
    const size_t begin = PreviousCharacter(text, end);
    size_t at = begin;
    if (!IsWhitespace(NextCodepoint(text, &at))) break;
    end = begin;
  }
  return end;
}

size_t WhitespaceEnd(std::string_view text, size_t begin) {
  while (begin < text.size()) {
    size_t at = begin;
    if (!IsWhitespace(NextCodepoint(text, &at))) break;
    begin = at;
  }
  return begin;
}

}  // namespace

bool TokenTrie::insert(std::string_view content, const AddedToken* token) {
  if (trie_.insert(content, static_cast<int32_t>(tokens_.size())) >= 0) return false;
  tokens_.push_back(token);
  return true;
}

TokenTrie::Match TokenTrie::find(std::string_view text, size_t from) const {
  for (size_t begin = from; begin < text.size(); ++begin) {
    const ByteTrie::Match match = trie_.longest(text.substr(begin));
    if (match.length > 0) {
      return {begin, begin + match.length, tokens_[static_cast<size_t>(match.value)]};
    }
  }
  return {text.size(), text.size(), nullptr};
}

absl::StatusOr<AddedTokens> AddedTokens::parse(const JsonView& view,
                                               const Vocabulary& vocabulary,
                                               const Normalizer* normalizer) {
  AddedTokens added;
  RESTEM_ASSIGN_OR_RETURN(const auto elements, view.elements());
  int32_t next_id = vocabulary.token_count();
  for (const JsonView& element : elements) {
    RESTEM_RETURN_IF_ERROR(added.add(element, vocabulary, normalizer, &next_id));
  }
  for (const auto& [id, token] : added.tokens_) {
    if (token->normalized_content.size() > ByteTrie::kMaxBytes) {
      return view.error(fmt::format("token {} has {} bytes: more than {} are not supported",
                                    id,
                                    token->normalized_content.size(),
                                    ByteTrie::kMaxBytes));
    }
    // What a normalizer leaves nothing of is found nowhere.
    if (token->normalized_content.empty()) continue;
    TokenTrie& trie = token->normalized ? added.normalized_ : added.raw_;
    if (!trie.insert(token->normalized_content, token.get())) {
      return view.error(
          fmt::format("two tokens look for the same text \"{}\"", token->normalized_content));
    }
  }
  return added;
}

absl::Status AddedTokens::add(const JsonView& view,
                              const Vocabulary& vocabulary,
                              const Normalizer* normalizer,
                              int32_t* next_id) {
  auto token = std::make_unique<AddedToken>();
  RESTEM_ASSIGN_OR_RETURN(token->content, view.string_at("content"));
  RESTEM_ASSIGN_OR_RETURN(const int64_t stated_id, view.integer_at("id"));
  RESTEM_ASSIGN_OR_RETURN(token->single_word, view.boolean_at("single_word"));
  RESTEM_ASSIGN_OR_RETURN(token->lstrip, view.boolean_at("lstrip"));
  RESTEM_ASSIGN_OR_RETURN(token->rstrip, view.boolean_at("rstrip"));
  RESTEM_ASSIGN_OR_RETURN(token->normalized, view.boolean_at("normalized"));
  RESTEM_ASSIGN_OR_RETURN(token->special, view.boolean_at("special"));
  if (token->content.empty()) return absl::OkStatus();
  if (by_content_.contains(token->content)) {
    return view.error(fmt::format("\"{}\" is given twice", token->content));
  }
  const std::optional<int32_t> in_vocab = vocabulary.token_to_id(token->content);
  token->id = in_vocab ? *in_vocab : (*next_id)++;
  if (token->id != stated_id) {
    return view.error(fmt::format("\"{}\" has id {}, but {} would give it {}",
                                  token->content,
                                  stated_id,
                                  in_vocab ? "model.vocab" : "counting on from model.vocab",
                                  token->id));
  }
  token->normalized_content = token->content;
  if (token->normalized && normalizer != nullptr) normalizer->apply(token->normalized_content);
  by_content_[token->content] = token.get();
  tokens_[token->id] = std::move(token);
  return absl::OkStatus();
}

std::vector<Piece> AddedTokens::extract(std::string_view text,
                                        const Normalizer* normalizer,
                                        TextArena& arena) const {
  std::vector<Piece> raw;
  split({text, -1, true}, raw_, raw);
  if (normalizer == nullptr && normalized_.empty()) return raw;
  std::vector<Piece> pieces;
  for (Piece& piece : raw) {
    if (piece.token < 0 && normalizer != nullptr) {
      std::string normalized(piece.text);
      normalizer->apply(normalized);
      piece.text = arena.keep(std::move(normalized));
    }
    if (piece.token < 0) {
      split(piece, normalized_, pieces);
    } else {
      pieces.push_back(piece);
    }
  }
  return pieces;
}

void AddedTokens::split(Piece piece, const TokenTrie& trie, std::vector<Piece>& out) {
  const std::string_view text = piece.text;
  size_t covered = 0;
  const auto add_text = [&](size_t end) {
    if (covered < end) {
      out.push_back({text.substr(covered, end - covered), -1, piece.at_start && covered == 0});
    }
  };
  for (size_t from = 0; !trie.empty();) {
    const TokenTrie::Match match = trie.find(text, from);
    if (match.token == nullptr) break;
    from = match.end;
    const AddedToken& token = *match.token;
    if (token.single_word && (WordEndsAt(text, match.begin) || WordBeginsAt(text, match.end))) {
      continue;
    }
    const size_t begin =
        token.lstrip ? std::max(covered, WhitespaceBegin(text, match.begin)) : match.begin;
    const size_t end = token.rstrip ? WhitespaceEnd(text, match.end) : match.end;
    add_text(begin);
    out.push_back({text.substr(begin, end - begin), token.id, false});
    covered = std::max(covered, end);
  }
  add_text(text.size());
}

const AddedToken* AddedTokens::find(int32_t id) const {
  const auto found = tokens_.find(id);
  return found == tokens_.end() ? nullptr : found->second.get();
}

const AddedToken* AddedTokens::find(std::string_view content) const {
  const auto found = by_content_.find(ToAbsl(content));
  return found == by_content_.end() ? nullptr : found->second;
}

int32_t AddedTokens::id_limit() const { return tokens_.empty() ? 0 : tokens_.rbegin()->first + 1; }

}  // namespace restem::text
