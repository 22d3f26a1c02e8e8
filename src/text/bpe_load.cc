// Reading the "model" of a tokenizer.json.
#include <fmt/format.h>

#include "text/bpe.h"

namespace restem::text {
namespace {

absl::StatusOr<Bpe::Options> ParseOptions(const JsonView& view, const Vocabulary& vocabulary) {
  if (view.has("dropout") && view.value()["dropout"] != 0.0) {
    return view.error("\"dropout\" is not supported: a text must always give the same tokens");
  }
  Bpe::Options options;
  RESTEM_ASSIGN_OR_RETURN(options.continuing_subword_prefix,
                          view.string_or("continuing_subword_prefix", ""));
  RESTEM_ASSIGN_OR_RETURN(options.end_of_word_suffix, view.string_or("end_of_word_suffix", ""));
  RESTEM_ASSIGN_OR_RETURN(options.fuse_unknown, view.boolean_or("fuse_unk", false));
  RESTEM_ASSIGN_OR_RETURN(options.byte_fallback, view.boolean_or("byte_fallback", false));
  RESTEM_ASSIGN_OR_RETURN(options.ignore_merges, view.boolean_or("ignore_merges", false));
  if (view.has("unk_token")) {
    RESTEM_ASSIGN_OR_RETURN(const std::string unknown, view.string_at("unk_token"));
    options.unknown = vocabulary.token_to_id(unknown);
    if (!options.unknown) {
      return view.error(fmt::format("\"unk_token\" is \"{}\", which is not in \"vocab\"", unknown));
    }
  }
  return options;
}

class MergeReader {
 public:
  MergeReader(const JsonView& view, const Vocabulary& vocabulary, size_t prefix_bytes)
      : view_(view), vocabulary_(vocabulary), prefix_bytes_(prefix_bytes) {}

  absl::StatusOr<Bpe::Merges> read() {
    if (!view_.value().is_array()) return view_.error("expected a list of merges");
    merges_.reserve(view_.value().size());
    for (const nlohmann::json& merge : view_.value()) RESTEM_RETURN_IF_ERROR(read_one(merge));
    return std::move(merges_);
  }

 private:
  absl::Status read_one(const nlohmann::json& merge) {
    if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
      return add(merge[0].get_ref<const std::string&>(), merge[1].get_ref<const std::string&>());
    }
    if (!merge.is_string()) {
      return view_.error(
          fmt::format("merge {} is {}: expected [\"left\", \"right\"]", rank_, merge.dump()));
    }
    const std::string_view pair = merge.get_ref<const std::string&>();
    if (pair.starts_with("#version")) return absl::OkStatus();
    const size_t space = pair.find(' ');
    if (space == std::string_view::npos || pair.find(' ', space + 1) != std::string_view::npos) {
      return view_.error(fmt::format(
          "merge {} is \"{}\": expected two tokens with one space between", rank_, pair));
    }
    return add(pair.substr(0, space), pair.substr(space + 1));
  }

  absl::Status add(std::string_view left, std::string_view right) {
    const auto missing = [&](std::string_view token) {
      return view_.error(
          fmt::format("merge {} (\"{}\" and \"{}\") needs \"{}\", which is not in \"vocab\"",
                      rank_,
                      left,
                      right,
                      token));
    };
    const std::optional<int32_t> left_id = vocabulary_.token_to_id(left);
    if (!left_id) return missing(left);
    const std::optional<int32_t> right_id = vocabulary_.token_to_id(right);
    if (!right_id) return missing(right);
    const std::string merged =
        std::string(left) + std::string(right.substr(std::min(right.size(), prefix_bytes_)));
    const std::optional<int32_t> merged_id = vocabulary_.token_to_id(merged);
    if (!merged_id) return missing(merged);
    // Of a pair given twice, the last counts.
    merges_[Bpe::key_of(*left_id, *right_id)] = {rank_++, *merged_id};
    return absl::OkStatus();
  }

  const JsonView& view_;
  const Vocabulary& vocabulary_;
  size_t prefix_bytes_;  // of the continuing prefix, which a merge drops
  Bpe::Merges merges_;
  int32_t rank_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<const Model>> ParseBpe(const JsonView& view) {
  RESTEM_ASSIGN_OR_RETURN(const JsonView vocab_view, view.member("vocab"));
  RESTEM_ASSIGN_OR_RETURN(Vocabulary vocabulary, Vocabulary::parse(vocab_view));
  RESTEM_ASSIGN_OR_RETURN(Bpe::Options options, ParseOptions(view, vocabulary));
  RESTEM_ASSIGN_OR_RETURN(const JsonView merges_view, view.member("merges"));
  MergeReader reader(merges_view, vocabulary, options.continuing_subword_prefix.size());
  RESTEM_ASSIGN_OR_RETURN(Bpe::Merges merges, reader.read());
  return std::make_unique<const Bpe>(std::move(vocabulary), std::move(merges), std::move(options));
}

}  // namespace restem::text
