// Reading the "model" of a tokenizer.json.
#include <fmt/format.h>

#include <limits>

#include "text/bpe.h"

namespace restem::text {
namespace {

constexpr int64_t kMaxId =
    1 << 27;  // a larger id would be a slip of the file, and an array of that size

}  // namespace

absl::StatusOr<std::unique_ptr<const Bpe>> Bpe::parse(const JsonView& view) {
  // The oldest files leave the type out.
  RESTEM_ASSIGN_OR_RETURN(const std::string type, view.string_or("type", "BPE"));
  if (type != "BPE") {
    return view.error(fmt::format("a model of type {} is not supported, only BPE", type));
  }
  std::unique_ptr<Bpe> bpe(new Bpe());
  RESTEM_ASSIGN_OR_RETURN(const JsonView vocab, view.member("vocab"));
  RESTEM_RETURN_IF_ERROR(bpe->parse_vocab(vocab));
  RESTEM_RETURN_IF_ERROR(bpe->parse_options(view));
  RESTEM_ASSIGN_OR_RETURN(const JsonView merges, view.member("merges"));
  RESTEM_RETURN_IF_ERROR(bpe->parse_merges(merges));
  return bpe;
}

absl::Status Bpe::parse_options(const JsonView& view) {
  if (view.has("dropout") && view.value()["dropout"] != 0.0) {
    return view.error("\"dropout\" is not supported: a text must always give the same tokens");
  }
  RESTEM_ASSIGN_OR_RETURN(continuing_subword_prefix_,
                          view.string_or("continuing_subword_prefix", ""));
  RESTEM_ASSIGN_OR_RETURN(end_of_word_suffix_, view.string_or("end_of_word_suffix", ""));
  RESTEM_ASSIGN_OR_RETURN(fuse_unknown_, view.boolean_or("fuse_unk", false));
  RESTEM_ASSIGN_OR_RETURN(byte_fallback_, view.boolean_or("byte_fallback", false));
  RESTEM_ASSIGN_OR_RETURN(ignore_merges_, view.boolean_or("ignore_merges", false));
  if (view.has("unk_token")) {
    RESTEM_ASSIGN_OR_RETURN(const std::string unknown, view.string_at("unk_token"));
    unknown_ = token_to_id(unknown);
    if (!unknown_) {
      return view.error(fmt::format("\"unk_token\" is \"{}\", which is not in \"vocab\"", unknown));
    }
  }
  for (size_t byte = 0; byte < byte_ids_.size(); ++byte) {
    byte_ids_[byte] = token_to_id(fmt::format("<0x{:02X}>", byte)).value_or(-1);
  }
  return absl::OkStatus();
}

absl::Status Bpe::parse_vocab(const JsonView& view) {
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
      return view.error(fmt::format("the id of \"{}\" is {}: out of range", token, value));
    }
    largest = std::max(largest, value);
  }
  tokens_.resize(static_cast<size_t>(largest) + 1);
  vocab_.reserve(tokens.size());
  std::vector<bool> taken(tokens_.size());
  for (const auto& [token, id] : tokens) {
    const auto slot = id.get<size_t>();
    if (taken[slot]) {
      return view.error(
          fmt::format("\"{}\" and \"{}\" have the same id {}", tokens_[slot], token, slot));
    }
    taken[slot] = true;
    tokens_[slot] = token;
    vocab_.emplace(ToAbsl(tokens_[slot]), static_cast<int32_t>(slot));
  }
  return absl::OkStatus();
}

absl::Status Bpe::parse_merges(const JsonView& view) {
  if (!view.value().is_array()) return view.error("expected a list of merges");
  merges_.reserve(view.value().size());
  size_t rank = 0;
  for (const nlohmann::json& merge : view.value()) {
    if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
      RESTEM_RETURN_IF_ERROR(add_merge(view,
                                       rank,
                                       merge[0].get_ref<const std::string&>(),
                                       merge[1].get_ref<const std::string&>()));
    } else if (merge.is_string()) {
      const std::string_view pair = merge.get_ref<const std::string&>();
      if (pair.starts_with("#version")) continue;
      const size_t space = pair.find(' ');
      if (space == std::string_view::npos || pair.find(' ', space + 1) != std::string_view::npos) {
        return view.error(fmt::format(
            "merge {} is \"{}\": expected two tokens with one space between", rank, pair));
      }
      RESTEM_RETURN_IF_ERROR(add_merge(view, rank, pair.substr(0, space), pair.substr(space + 1)));
    } else {
      return view.error(
          fmt::format("merge {} is {}: expected [\"left\", \"right\"]", rank, merge.dump()));
    }
    ++rank;
  }
  return absl::OkStatus();
}

absl::Status Bpe::add_merge(const JsonView& merges,
                            size_t rank,
                            std::string_view left,
                            std::string_view right) {
  const auto missing = [&](std::string_view token) {
    return merges.error(
        fmt::format("merge {} (\"{}\" and \"{}\") needs \"{}\", which is not in \"vocab\"",
                    rank,
                    left,
                    right,
                    token));
  };
  const std::optional<int32_t> left_id = token_to_id(left);
  if (!left_id) return missing(left);
  const std::optional<int32_t> right_id = token_to_id(right);
  if (!right_id) return missing(right);
  const std::string merged =
      std::string(left) +
      std::string(right.substr(std::min(right.size(), continuing_subword_prefix_.size())));
  const std::optional<int32_t> merged_id = token_to_id(merged);
  if (!merged_id) return missing(merged);
  const uint64_t key = static_cast<uint64_t>(*left_id) << 32 | static_cast<uint64_t>(*right_id);
  merges_[key] = {static_cast<int32_t>(rank),
                  *merged_id};  // of a pair given twice, the last counts
  return absl::OkStatus();
}

}  // namespace restem::text
