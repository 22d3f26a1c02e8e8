#include "text/pre_tokenizer.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "text/byte_level.h"
#include "text/character_splits.h"
#include "text/metaspace.h"
#include "text/normalizer.h"
#include "text/unicode.h"

namespace restem::text {
namespace {

using PreTokenizerPtr = std::shared_ptr<const PreTokenizer>;

// GPT-2's own expression, which ByteLevel implies.
constexpr std::string_view kGpt2Words =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
// Rust's \w has the two joiners besides Oniguruma's.
constexpr std::string_view kWhitespaceWords = R"([\w\x{200C}\x{200D}]+|[^\w\s\x{200C}\x{200D}]+)";

void PrependIfAbsent(Piece& piece, std::string_view prefix, TextArena& arena) {
  if (piece.text.starts_with(prefix)) return;
  piece.text = arena.keep(std::string(prefix) + std::string(piece.text));
}

class ByteLevel : public PreTokenizer {
 public:
  ByteLevel(bool add_prefix_space, std::optional<Pattern> words)
      : add_prefix_space_(add_prefix_space), words_(std::move(words)) {}

  void apply(std::vector<Piece>& pieces, TextArena& arena) const override {
    for (Piece& piece : pieces) {
      if (add_prefix_space_ && piece.token < 0) PrependIfAbsent(piece, " ", arena);
    }
    if (words_) {
      SplitPieces(
          pieces,
          [this](std::string_view text) { return words_->spans(text); },
          SplitBehavior::kIsolated);
    }
    to_stand_ins(pieces, arena);
  }
  double growth() const override { return add_prefix_space_ ? 4 : 2; }

 private:
  // All pieces share one string: an allocation for each word would cost more than the rest.
  static void to_stand_ins(std::vector<Piece>& pieces, TextArena& arena) {
    std::string all;
    std::vector<size_t> ends;
    ends.reserve(pieces.size());
    for (const Piece& piece : pieces) {
      if (piece.token < 0) AppendByteLevel(piece.text, &all);
      ends.push_back(all.size());
    }
    const std::string_view kept = arena.keep(std::move(all));
    size_t begin = 0;
    for (size_t i = 0; i < pieces.size(); ++i) {
      if (pieces[i].token < 0) pieces[i].text = kept.substr(begin, ends[i] - begin);
      begin = ends[i];
    }
  }

  bool add_prefix_space_;
  std::optional<Pattern> words_;
};

class PatternSplit : public PreTokenizer {
 public:
  PatternSplit(Pattern pattern, SplitBehavior behavior, bool invert)
      : pattern_(std::move(pattern)), behavior_(behavior), invert_(invert) {}

  void apply(std::vector<Piece>& pieces, TextArena&) const override {
    SplitPieces(
        pieces,
        [this](std::string_view text) {
          return invert_ ? Inverted(pattern_.spans(text)) : pattern_.spans(text);
        },
        behavior_);
  }

 private:
  Pattern pattern_;
  SplitBehavior behavior_;
  bool invert_;
};

class Metaspace : public PreTokenizer {
 public:
  explicit Metaspace(MetaspaceOptions options)
      : options_(std::move(options)), mark_(Pattern::literal(options_.replacement)) {}

  void apply(std::vector<Piece>& pieces, TextArena& arena) const override {
    static const Pattern space = Pattern::literal(" ");
    for (Piece& piece : pieces) {
      if (piece.token >= 0) continue;
      piece.text = arena.keep(space.replace(piece.text, options_.replacement));
      const bool prepend = options_.prepend == PrependScheme::kAlways ||
                           (options_.prepend == PrependScheme::kFirst && piece.at_start);
      if (prepend) PrependIfAbsent(piece, options_.replacement, arena);
    }
    if (!options_.split) return;
    SplitPieces(
        pieces,
        [this](std::string_view text) { return mark_.spans(text); },
        SplitBehavior::kMergedWithNext);
  }
  // A piece of one byte gets a mark before it.
  double growth() const override { return 1 + static_cast<double>(options_.replacement.size()); }

 private:
  MetaspaceOptions options_;
  Pattern mark_;
};

class Sequence : public PreTokenizer {
 public:
  explicit Sequence(std::vector<PreTokenizerPtr> steps) : steps_(std::move(steps)) {}
  void apply(std::vector<Piece>& pieces, TextArena& arena) const override {
    for (const PreTokenizerPtr& step : steps_) step->apply(pieces, arena);
  }
  double growth() const override {
    double product = 1;
    for (const PreTokenizerPtr& step : steps_) product *= step->growth();
    return product;
  }

 private:
  std::vector<PreTokenizerPtr> steps_;
};

absl::StatusOr<PreTokenizerPtr> ParseByteLevel(const JsonView& view) {
  RESTEM_ASSIGN_OR_RETURN(const bool add_prefix_space, view.boolean_at("add_prefix_space"));
  RESTEM_ASSIGN_OR_RETURN(const bool use_regex, view.boolean_or("use_regex", true));
  std::optional<Pattern> words;
  if (use_regex) {
    RESTEM_ASSIGN_OR_RETURN(words, Pattern::regex(kGpt2Words));
  }
  return std::make_shared<ByteLevel>(add_prefix_space, std::move(words));
}

absl::StatusOr<PreTokenizerPtr> ParseSplit(const JsonView& view) {
  RESTEM_ASSIGN_OR_RETURN(const JsonView pattern_view, view.member("pattern"));
  RESTEM_ASSIGN_OR_RETURN(Pattern pattern, Pattern::parse(pattern_view));
  RESTEM_ASSIGN_OR_RETURN(const JsonView behavior_view, view.member("behavior"));
  RESTEM_ASSIGN_OR_RETURN(const SplitBehavior behavior, ParseSplitBehavior(behavior_view));
  RESTEM_ASSIGN_OR_RETURN(const bool invert, view.boolean_at("invert"));
  return std::make_shared<PatternSplit>(std::move(pattern), behavior, invert);
}

absl::StatusOr<PreTokenizerPtr> ParseSequence(const JsonView& view) {
  RESTEM_ASSIGN_OR_RETURN(const JsonView list, view.member("pretokenizers"));
  RESTEM_ASSIGN_OR_RETURN(const auto elements, list.elements());
  std::vector<PreTokenizerPtr> steps;
  for (const JsonView& element : elements) {
    RESTEM_ASSIGN_OR_RETURN(PreTokenizerPtr step, ParsePreTokenizer(element));
    if (step != nullptr) steps.push_back(std::move(step));
  }
  return std::make_shared<Sequence>(std::move(steps));
}

absl::StatusOr<PreTokenizerPtr> ParseOne(const JsonView& view) {
  RESTEM_ASSIGN_OR_RETURN(const std::string type, view.string_at("type"));
  if (type == "ByteLevel") return ParseByteLevel(view);
  if (type == "Split") return ParseSplit(view);
  if (type == "Metaspace") {
    RESTEM_ASSIGN_OR_RETURN(MetaspaceOptions options, ParseMetaspace(view));
    return std::make_shared<Metaspace>(std::move(options));
  }
  if (type == "Sequence") return ParseSequence(view);
  if (type == "Whitespace") {
    RESTEM_ASSIGN_OR_RETURN(Pattern words, Pattern::regex(kWhitespaceWords));
    return std::make_shared<PatternSplit>(
        std::move(words), SplitBehavior::kRemoved, /*invert=*/true);
  }
  RESTEM_ASSIGN_OR_RETURN(PreTokenizerPtr split, ParseCharacterSplit(view, type));
  if (split == nullptr) {
    return view.error(fmt::format("a pre_tokenizer of type {} is not supported", type));
  }
  return split;
}

}  // namespace

absl::StatusOr<PreTokenizerPtr> ParsePreTokenizer(const JsonView& view) {
  if (view.value().is_null()) return nullptr;
  RESTEM_ASSIGN_OR_RETURN(PreTokenizerPtr pre_tokenizer, ParseOne(view));
  if (pre_tokenizer->growth() > kMaxGrowth) {
    return view.error(
        fmt::format("it could make a text {:.3g} times as long: at most {} times is supported",
                    pre_tokenizer->growth(),
                    kMaxGrowth));
  }
  return pre_tokenizer;
}

}  // namespace restem::text
