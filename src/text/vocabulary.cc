#include "text/vocabulary.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace restem::text {
namespace {

// A larger id would be a slip of the file: tokens are an array.
constexpr int64_t kMaxId = 1 << 22;

}  // namespace

Vocabulary::Vocabulary(std::vector<std::string> tokens) : tokens_(std::move(tokens)) {
  ids_.reserve(tokens_.size());
  for (size_t id = 0; id < tokens_.size(); ++id) {
    ids_[ToAbsl(tokens_[id])] = static_cast<int32_t>(id);
  }
}

absl::StatusOr<Vocabulary> Vocabulary::parse(const JsonView& view) {
  if (!view.value().is_object()) return view.error("expected an object of tokens and their ids");
  const auto& tokens = view.value().get_ref<const nlohmann::json::object_t&>();
  if (tokens.empty()) return view.error("the vocabulary is empty");
  int64_t largest = -1;
  for (const auto& [token, id] : tokens) {
    if (!id.is_number_integer()) {
      return view.error(fmt::format("the id of \"{}\" is not an integer", token));
    }
    const auto value = id.get<int64_t>();
    if (value < 0 || value > kMaxId) {
      return view.error(
          fmt::format("the id of \"{}\" is {}: out of range 0 to {}", token, value, kMaxId));
    }
    largest = std::max(largest, value);
  }
  Vocabulary vocabulary;
  vocabulary.tokens_.resize(static_cast<size_t>(largest) + 1);
  vocabulary.ids_.reserve(tokens.size());
  std::vector<bool> taken(vocabulary.tokens_.size());
  for (const auto& [token, id] : tokens) {
    const auto slot = id.get<size_t>();
    std::string& place = vocabulary.tokens_[slot];
    if (taken[slot]) {
      return view.error(fmt::format("\"{}\" and \"{}\" have the same id {}", place, token, slot));
    }
    taken[slot] = true;
    place = token;
    vocabulary.ids_.emplace(ToAbsl(place), static_cast<int32_t>(slot));
  }
  return vocabulary;
}

std::optional<int32_t> Vocabulary::token_to_id(std::string_view token) const {
  const auto found = ids_.find(ToAbsl(token));
  if (found == ids_.end()) return std::nullopt;
  return found->second;
}

std::string_view Vocabulary::id_to_token(int32_t id) const {
  if (id < 0 || id >= id_limit()) return {};
  return tokens_[static_cast<size_t>(id)];
}

}  // namespace restem::text
