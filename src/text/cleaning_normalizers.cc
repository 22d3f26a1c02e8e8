#include "text/cleaning_normalizers.h"

#include <fmt/format.h>
#include <unicode/uchar.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "text/charsmap.h"
#include "text/grapheme.h"
#include "text/unicode.h"

namespace restem::text {
namespace {

using NormalizerPtr = std::shared_ptr<const Normalizer>;

uint32_t GeneralCategory(int32_t codepoint) { return U_GET_GC_MASK(codepoint); }

constexpr uint32_t kOther = U_GC_CC_MASK | U_GC_CF_MASK | U_GC_CO_MASK;

// What BERT's cleaning removes: control, format and private characters, but
bool IsDropped(int32_t c) {
  if (c == '\t' || c == '\n' || c == '\r') return false;
  return c == 0 || c == 0xFFFD || (GeneralCategory(c) & kOther) != 0;
}

// The blocks of ideographs that BERT puts spaces around.
bool IsIdeograph(int32_t c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) ||
         (c >= 0x20000 && c <= 0x2A6DF) || (c >= 0x2A700 && c <= 0x2B73F) ||
         (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B920 && c <= 0x2CEAF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

class Cleaning : public Normalizer {
 public:
  Cleaning(bool clean_text, bool space_ideographs)
      : clean_text_(clean_text), space_ideographs_(space_ideographs) {}

  void apply(std::string& text) const override {
    std::string out;
    out.reserve(text.size());
    for (size_t at = 0; at < text.size();) {
      const size_t begin = at;
      const int32_t c = NextCodepoint(text, &at);
      if (clean_text_ && IsDropped(c)) continue;
      const bool spaced = space_ideographs_ && IsIdeograph(c);
      if (spaced) out += ' ';
      if (clean_text_ && IsWhitespace(c)) {
        out += ' ';
      } else {
        out.append(text, begin, at - begin);
      }
      if (spaced) out += ' ';
    }
    text = std::move(out);
  }
  double growth() const override { return 2; }

 private:
  bool clean_text_;
  bool space_ideographs_;
};

class DropNonspacingMarks : public Normalizer {
 public:
  void apply(std::string& text) const override {
    if (IsAscii(text)) return;
    std::string out;
    for (size_t at = 0; at < text.size();) {
      const size_t begin = at;
      if ((GeneralCategory(NextCodepoint(text, &at)) & U_GC_MN_MASK) == 0) {
        out.append(text, begin, at - begin);
      }
    }
    text = std::move(out);
  }
};

// Control characters and white space as in the NMT rules of SentencePiece.
class Nmt : public Normalizer {
 public:
  void apply(std::string& text) const override {
    std::string out;
    out.reserve(text.size());
    for (size_t at = 0; at < text.size();) {
      const size_t begin = at;
      const int32_t c = NextCodepoint(text, &at);
      if (is_dropped(c)) continue;
      if (is_space(c)) {
        out += ' ';
      } else {
        out.append(text, begin, at - begin);
      }
    }
    text = std::move(out);
  }

 private:
  static bool is_dropped(int32_t c) {
    return (c >= 0x01 && c <= 0x08) || c == 0x0B || (c >= 0x0E && c <= 0x1F) || c == 0x7F ||
           c == 0x8F || c == 0x9F;
  }
  static bool is_space(int32_t c) {
    return c == 0x09 || c == 0x0A || c == 0x0C || c == 0x0D || c == 0x1680 ||
           (c >= 0x200B && c <= 0x200F) || c == 0x2028 || c == 0x2029 || c == 0x2581 ||
           c == 0xFEFF || c == 0xFFFD;
  }
};

// A charsmap as the `tokenizers` library applies it: to grapheme clusters of less than 6 bytes, of
// which it replaces the whole by what the shortest rule says of their beginning; else to
// characters.
class Precompiled : public Normalizer {
 public:
  explicit Precompiled(Charsmap map) : map_(std::move(map)) {
    for (char c = 0; c >= 0 && c < 127; ++c) {
      plain_[static_cast<size_t>(c)] = map_.shortest({&c, 1}).length == 0;
    }
  }

  void apply(std::string& text) const override {
    std::string out;
    out.reserve(text.size());
    for (size_t at = 0; at < text.size();) {
      const size_t plain = plain_end(text, at);
      out.append(text, at, plain - at);
      at = plain;
      if (at == text.size()) break;
      const size_t end = GraphemeEnd(text, at);
      append_cluster(std::string_view(text).substr(at, end - at), &out);
      at = end;
    }
    text = std::move(out);
  }
  double growth() const override {
    return std::max(1.0, static_cast<double>(map_.longest_replacement()));
  }

 private:
  static constexpr size_t kMaxClusterBytes = 5;

  // The end of a run of ASCII characters that no rule speaks of. The last before something else may
  // be the beginning of a cluster.
  size_t plain_end(const std::string& text, size_t at) const {
    const size_t begin = at;
    while (at < text.size() && static_cast<uint8_t>(text[at]) < 0x80 &&
           plain_[static_cast<size_t>(text[at])]) {
      ++at;
    }
    return at == text.size() || at == begin ? at : at - 1;
  }

  void append_cluster(std::string_view cluster, std::string* out) const {
    if (cluster.size() <= kMaxClusterBytes) {
      if (const Charsmap::Rule rule = map_.shortest(cluster); rule.length > 0) {
        *out += rule.replacement;
        return;
      }
    }
    for (size_t at = 0; at < cluster.size();) {
      const size_t begin = at;
      NextCodepoint(cluster, &at);
      const std::string_view character = cluster.substr(begin, at - begin);
      const Charsmap::Rule rule = map_.shortest(character);
      *out += rule.length > 0 ? rule.replacement : character;
    }
  }

  Charsmap map_;
  std::array<bool, 128> plain_{};
};

}  // namespace

absl::StatusOr<NormalizerPtr> ParseBertNormalizer(const JsonView& view) {
  RESTEM_ASSIGN_OR_RETURN(const bool clean_text, view.boolean_at("clean_text"));
  RESTEM_ASSIGN_OR_RETURN(const bool ideographs, view.boolean_at("handle_chinese_chars"));
  RESTEM_ASSIGN_OR_RETURN(const bool lowercase, view.boolean_at("lowercase"));
  RESTEM_ASSIGN_OR_RETURN(const bool strip_accents, view.boolean_or("strip_accents", lowercase));
  std::vector<NormalizerPtr> steps{std::make_shared<Cleaning>(clean_text, ideographs)};
  if (strip_accents) {
    RESTEM_ASSIGN_OR_RETURN(NormalizerPtr decompose, MakeUnicodeForm(view, "NFD"));
    steps.push_back(std::move(decompose));
    steps.push_back(std::make_shared<DropNonspacingMarks>());
  }
  if (lowercase) steps.push_back(MakeLowercase());
  return MakeNormalizerSequence(std::move(steps));
}

NormalizerPtr MakeNmtNormalizer() { return std::make_shared<Nmt>(); }

absl::StatusOr<NormalizerPtr> ParsePrecompiled(const JsonView& view) {
  RESTEM_ASSIGN_OR_RETURN(const JsonView encoded_view, view.member("precompiled_charsmap"));
  RESTEM_ASSIGN_OR_RETURN(const std::string encoded, encoded_view.string());
  std::string blob;
  if (!absl::Base64Unescape(encoded, &blob)) return encoded_view.error("expected base64");
  absl::StatusOr<Charsmap> map = Charsmap::parse(blob);
  if (!map.ok()) return encoded_view.error(MessageOf(map.status()));
  return std::make_shared<Precompiled>(*std::move(map));
}

}  // namespace restem::text
