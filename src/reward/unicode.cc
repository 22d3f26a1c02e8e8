#include "reward/unicode.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

namespace restem {
namespace {

icu::UnicodeString FromUtf8(std::string_view text) {
  return icu::UnicodeString::fromUTF8(
      icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
}

bool IsWordChar(UChar32 c) { return u_isalnum(c) || c == '_'; }

bool TouchesWord(const icu::UnicodeString& text, int32_t begin, int32_t end) {
  if (begin > 0 && IsWordChar(text.char32At(text.moveIndex32(begin, -1)))) return true;
  return end < text.length() && IsWordChar(text.char32At(end));
}

}  // namespace

std::string ToValidUtf8(std::string_view text) {
  const auto size = static_cast<int64_t>(text.size());
  std::string valid;
  valid.reserve(text.size());
  for (int64_t at = 0; at < size;) {
    const int64_t begin = at;
    UChar32 c = 0;
    U8_NEXT(text.data(), at, size, c);
    valid += c < 0 ? "\uFFFD" : text.substr(begin, at - begin);
  }
  return valid;
}

std::string FoldText(std::string_view text) {
  UErrorCode code = U_ZERO_ERROR;
  icu::UnicodeString folded = FromUtf8(text).foldCase();
  const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(code);
  if (U_SUCCESS(code)) {
    icu::UnicodeString normalized = nfc->normalize(folded, code);
    if (U_SUCCESS(code)) folded = std::move(normalized);
  }
  icu::UnicodeString spaced;
  for (int32_t i = 0; i < folded.length(); i = folded.moveIndex32(i, 1)) {
    const UChar32 c = folded.char32At(i);
    if (!u_isUWhiteSpace(c)) {
      spaced.append(c);
    } else if (!spaced.isEmpty() && spaced[spaced.length() - 1] != u' ') {
      spaced.append(u' ');
    }
  }
  if (spaced.endsWith(icu::UnicodeString(u' '))) spaced.truncate(spaced.length() - 1);
  std::string result;
  return spaced.toUTF8String(result);
}

bool ContainsFolded(std::string_view text, std::string_view needle, bool whole_word) {
  if (!whole_word) return text.find(needle) != std::string_view::npos;
  const icu::UnicodeString haystack = FromUtf8(text);
  const icu::UnicodeString word = FromUtf8(needle);
  for (int32_t at = haystack.indexOf(word); at >= 0; at = haystack.indexOf(word, at + 1)) {
    if (!TouchesWord(haystack, at, at + word.length())) return true;
  }
  return false;
}

}  // namespace restem
