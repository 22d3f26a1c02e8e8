#include "text/normalizer.h"

#include <fmt/format.h>
#include <unicode/bytestream.h>
#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

#include <utility>
#include <vector>

#include "text/byte_level.h"
#include "text/cleaning_normalizers.h"
#include "text/pattern.h"
#include "text/unicode.h"

namespace restem::text {
namespace {

using NormalizerPtr = std::shared_ptr<const Normalizer>;

// NFC and its relatives, by ICU.
class UnicodeForm : public Normalizer {
 public:
  explicit UnicodeForm(const icu::Normalizer2* form) : form_(form) {}
  void apply(std::string& text) const override {
    if (IsAscii(text)) return;
    std::string out;
    icu::StringByteSink<std::string> sink(&out, static_cast<int32_t>(text.size()));
    UErrorCode error = U_ZERO_ERROR;
    form_->normalizeUTF8(0, text, sink, nullptr, error);
    if (U_SUCCESS(error)) text = std::move(out);
  }
  double growth() const override { return 11; }  // U+FDFA, 3 bytes, has 33 in NFKD

 private:
  const icu::Normalizer2* form_;  // ICU's own, never freed
};

// Character by character: unlike ICU on a whole text, a final capital sigma becomes σ.
class Lowercase : public Normalizer {
 public:
  void apply(std::string& text) const override {
    std::string out;
    out.reserve(text.size());
    for (size_t at = 0; at < text.size();) {
      const int32_t codepoint = NextCodepoint(text, &at);
      if (codepoint < 0x80) {
        out += static_cast<char>(codepoint >= 'A' && codepoint <= 'Z' ? codepoint + 32 : codepoint);
      } else {
        icu::UnicodeString(static_cast<UChar32>(codepoint))
            .toLower(icu::Locale::getRoot())
            .toUTF8String(out);
      }
    }
    text = std::move(out);
  }
  double growth() const override { return 3; }
};

class Strip : public Normalizer {
 public:
  Strip(bool left, bool right) : left_(left), right_(right) {}
  void apply(std::string& text) const override {
    size_t first = text.size();  // byte range without the outer white space
    size_t last = 0;
    for (size_t at = 0; at < text.size();) {
      const size_t begin = at;
      if (IsWhitespace(NextCodepoint(text, &at))) continue;
      first = std::min(first, begin);
      last = at;
    }
    if (first >= last) {
      if (left_ || right_) text.clear();
      return;
    }
    if (right_) text.resize(last);
    if (left_) text.erase(0, first);
  }

 private:
  bool left_;
  bool right_;
};

class StripAccents : public Normalizer {
 public:
  void apply(std::string& text) const override {
    std::string out;
    for (size_t at = 0; at < text.size();) {
      const size_t begin = at;
      if (!IsCombiningMark(NextCodepoint(text, &at))) out.append(text, begin, at - begin);
    }
    text = std::move(out);
  }
};

class Replace : public Normalizer {
 public:
  Replace(Pattern pattern, std::string content)
      : pattern_(std::move(pattern)), content_(std::move(content)) {}
  void apply(std::string& text) const override { text = pattern_.replace(text, content_); }
  double growth() const override { return pattern_.growth(content_); }

 private:
  Pattern pattern_;
  std::string content_;
};

class Prepend : public Normalizer {
 public:
  explicit Prepend(std::string prefix) : prefix_(std::move(prefix)) {}
  void apply(std::string& text) const override {
    if (!text.empty()) text.insert(0, prefix_);
  }
  double growth() const override { return 1 + static_cast<double>(prefix_.size()); }

 private:
  std::string prefix_;
};

class ByteLevel : public Normalizer {
 public:
  void apply(std::string& text) const override {
    std::string out;
    AppendByteLevel(text, &out);
    text = std::move(out);
  }
  double growth() const override { return 2; }
};

class Sequence : public Normalizer {
 public:
  explicit Sequence(std::vector<NormalizerPtr> steps) : steps_(std::move(steps)) {}
  void apply(std::string& text) const override {
    for (const NormalizerPtr& step : steps_) step->apply(text);
  }
  double growth() const override {
    double product = 1;
    for (const NormalizerPtr& step : steps_) product *= step->growth();
    return product;
  }

 private:
  std::vector<NormalizerPtr> steps_;
};

absl::StatusOr<NormalizerPtr> ParseStrip(const JsonView& view) {
  RESTEM_ASSIGN_OR_RETURN(const bool left, view.boolean_at("strip_left"));
  RESTEM_ASSIGN_OR_RETURN(const bool right, view.boolean_at("strip_right"));
  return std::make_shared<Strip>(left, right);
}

absl::StatusOr<NormalizerPtr> ParseReplace(const JsonView& view) {
  RESTEM_ASSIGN_OR_RETURN(const JsonView pattern_view, view.member("pattern"));
  RESTEM_ASSIGN_OR_RETURN(Pattern pattern, Pattern::parse(pattern_view));
  RESTEM_ASSIGN_OR_RETURN(std::string content, view.string_at("content"));
  return std::make_shared<Replace>(std::move(pattern), std::move(content));
}

absl::StatusOr<NormalizerPtr> ParseSequence(const JsonView& view) {
  RESTEM_ASSIGN_OR_RETURN(const JsonView list, view.member("normalizers"));
  RESTEM_ASSIGN_OR_RETURN(const auto elements, list.elements());
  std::vector<NormalizerPtr> steps;
  for (const JsonView& element : elements) {
    RESTEM_ASSIGN_OR_RETURN(NormalizerPtr step, ParseNormalizer(element));
    if (step != nullptr) steps.push_back(std::move(step));
  }
  return MakeNormalizerSequence(std::move(steps));
}

absl::StatusOr<NormalizerPtr> ParseOne(const JsonView& view) {
  RESTEM_ASSIGN_OR_RETURN(const std::string type, view.string_at("type"));
  if (type == "NFC" || type == "NFD" || type == "NFKC" || type == "NFKD") {
    return MakeUnicodeForm(view, type);
  }
  if (type == "Lowercase") return MakeLowercase();
  if (type == "Strip") return ParseStrip(view);
  if (type == "StripAccents") return std::make_shared<StripAccents>();
  if (type == "Replace") return ParseReplace(view);
  if (type == "ByteLevel") return std::make_shared<ByteLevel>();
  if (type == "Sequence") return ParseSequence(view);
  if (type == "Nmt") return MakeNmtNormalizer();
  if (type == "Precompiled") return ParsePrecompiled(view);
  if (type == "BertNormalizer") return ParseBertNormalizer(view);
  if (type == "Prepend") {
    RESTEM_ASSIGN_OR_RETURN(std::string prefix, view.string_at("prepend"));
    return std::make_shared<Prepend>(std::move(prefix));
  }
  return view.error(fmt::format("a normalizer of type {} is not supported", type));
}

}  // namespace

absl::StatusOr<NormalizerPtr> MakeUnicodeForm(const JsonView& view, std::string_view type) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* form = type == "NFC"    ? icu::Normalizer2::getNFCInstance(error)
                                 : type == "NFD"  ? icu::Normalizer2::getNFDInstance(error)
                                 : type == "NFKC" ? icu::Normalizer2::getNFKCInstance(error)
                                                  : icu::Normalizer2::getNFKDInstance(error);
  if (U_FAILURE(error)) {
    return view.error(fmt::format("ICU has no data for {}: {}", type, u_errorName(error)));
  }
  return std::make_shared<UnicodeForm>(form);
}

NormalizerPtr MakeLowercase() { return std::make_shared<Lowercase>(); }

NormalizerPtr MakeNormalizerSequence(std::vector<NormalizerPtr> steps) {
  return std::make_shared<Sequence>(std::move(steps));
}

absl::StatusOr<NormalizerPtr> ParseNormalizer(const JsonView& view) {
  if (view.value().is_null()) return nullptr;
  RESTEM_ASSIGN_OR_RETURN(NormalizerPtr normalizer, ParseOne(view));
  if (normalizer->growth() > kMaxGrowth) {
    return view.error(
        fmt::format("it could make a text {:.3g} times as long: at most {} times is supported",
                    normalizer->growth(),
                    kMaxGrowth));
  }
  return normalizer;
}

}  // namespace restem::text
