#include "text/sentencepiece_normalizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "text/charsmap.h"
#include "text/unicode.h"

namespace restem::text {
namespace {

constexpr std::string_view kSpaceMark = "\xE2\x96\x81";  // U+2581

class SentencePieceNormalizer : public Normalizer {
 public:
  SentencePieceNormalizer(const SentencePieceFile& file,
                          std::optional<Charsmap> map,
                          ByteTrie user_defined)
      : map_(std::move(map)),
        user_defined_(std::move(user_defined)),
        prefix_(file.add_dummy_prefix && !file.whitespace_as_suffix),
        suffix_(file.add_dummy_prefix && file.whitespace_as_suffix),
        trim_(file.remove_extra_whitespaces),
        space_(file.escape_whitespaces ? kSpaceMark : " ") {}

  void apply(std::string& text) const override {
    std::string_view rest = text;
    while (trim_ && !rest.empty()) {
      const Step step = next(rest);
      if (step.out != " ") break;
      rest.remove_prefix(step.bytes);
    }
    std::string out;
    if (!rest.empty()) {
      out.reserve(2 * rest.size());
      if (prefix_) out += space_;
      append(rest, &out);
      while (trim_ && out.ends_with(space_)) out.resize(out.size() - space_.size());
      if (suffix_) out += space_;
    }
    text = std::move(out);
  }
  double growth() const override {
    const double replaced = map_ ? static_cast<double>(map_->longest_replacement()) : 1.0;
    return std::max(1.0, replaced) * 3 + 3;
  }

 private:
  struct Step {
    std::string_view out;
    size_t bytes;  // of the text, that it stands for
  };

  // What becomes of the beginning of a text.
  Step next(std::string_view text) const {
    if (!user_defined_.empty()) {
      if (const size_t length = user_defined_.longest(text).length; length > 0) {
        return {text.substr(0, length), length};
      }
    }
    if (map_) {
      if (const Charsmap::Rule rule = map_->longest(text); rule.length > 0) {
        return {rule.replacement, rule.length};
      }
    }
    size_t character = 0;
    NextCodepoint(text, &character);
    return {text.substr(0, character), character};
  }

  void append(std::string_view rest, std::string* out) const {
    bool after_space = trim_;
    while (!rest.empty()) {
      const Step step = next(rest);
      rest.remove_prefix(step.bytes);
      std::string_view piece = step.out;
      if (after_space) piece.remove_prefix(std::min(piece.find_first_not_of(' '), piece.size()));
      for (const char c : piece) {
        if (c == ' ') {
          *out += space_;
        } else {
          *out += c;
        }
      }
      if (!piece.empty()) after_space = trim_ && piece.back() == ' ';
    }
  }

  std::optional<Charsmap> map_;
  ByteTrie user_defined_;
  bool prefix_;
  bool suffix_;
  bool trim_;
  std::string_view space_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<const Normalizer>> MakeSentencePieceNormalizer(
    const SentencePieceFile& file, ByteTrie user_defined) {
  std::optional<Charsmap> map;
  if (!file.charsmap.empty()) {
    RESTEM_ASSIGN_OR_RETURN(map, Charsmap::parse(file.charsmap));
  }
  auto normalizer = std::make_shared<const SentencePieceNormalizer>(
      file, std::move(map), std::move(user_defined));
  if (normalizer->growth() > kMaxGrowth) {
    return InvalidInput(fmt::format("the charsmap could make a text {} times as long: at most {}",
                                    normalizer->growth(),
                                    kMaxGrowth));
  }
  return normalizer;
}

}  // namespace restem::text
