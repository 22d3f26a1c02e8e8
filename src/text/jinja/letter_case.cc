// Upper and lower case as Python's str has them: Unicode's full mappings, without a locale.
#include <unicode/uchar.h>
#include <unicode/ustring.h>

#include <vector>

#include "text/jinja/python_text.h"
#include "text/unicode.h"

namespace restem::jinja {
namespace {

enum class Mapping { kUpper, kLower, kTitle, kFold };

void AppendMapped(int32_t c, Mapping mapping, std::string& out) {
  if (c < 0x80) {
    const bool lower = c >= 'a' && c <= 'z';
    const bool upper = c >= 'A' && c <= 'Z';
    const bool raise = mapping == Mapping::kUpper || mapping == Mapping::kTitle;
    out += static_cast<char>(lower && raise ? c - 32 : upper && !raise ? c + 32 : c);
    return;
  }
  UChar from[2];
  int32_t length = 0;
  U16_APPEND_UNSAFE(from, length, c);
  UChar to[8];  // no character becomes more than three
  UErrorCode error = U_ZERO_ERROR;
  int32_t count = 0;
  switch (mapping) {
    case Mapping::kUpper:
      count = u_strToUpper(to, 8, from, length, "", &error);
      break;
    case Mapping::kLower:
      count = u_strToLower(to, 8, from, length, "", &error);
      break;
    case Mapping::kTitle:
      count = u_strToTitle(to, 8, from, length, nullptr, "", &error);
      break;
    case Mapping::kFold:
      count = u_strFoldCase(to, 8, from, length, U_FOLD_CASE_DEFAULT, &error);
      break;
  }
  for (int32_t i = 0; i < count;) {
    UChar32 mapped = 0;
    U16_NEXT(to, i, count, mapped);
    text::AppendCodepoint(mapped, &out);
  }
}

std::vector<int32_t> Codepoints(std::string_view text) {
  std::vector<int32_t> out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) out.push_back(text::NextCodepoint(text, &i));
  return out;
}

// The one lower-case letter that depends on its neighbours: sigma at the end of a word.
bool IsFinalSigma(const std::vector<int32_t>& text, size_t at) {
  if (text[at] != 0x3A3) return false;
  const auto cased = [&](size_t i) { return u_hasBinaryProperty(text[i], UCHAR_CASED) != 0; };
  const auto ignored = [&](size_t i) {
    return u_hasBinaryProperty(text[i], UCHAR_CASE_IGNORABLE) != 0;
  };
  size_t before = at;
  while (before > 0 && ignored(before - 1)) --before;
  if (before == 0 || !cased(before - 1)) return false;
  size_t after = at + 1;
  while (after < text.size() && ignored(after)) ++after;
  return after == text.size() || !cased(after);
}

void AppendLower(const std::vector<int32_t>& text, size_t at, std::string& out) {
  if (IsFinalSigma(text, at)) {
    text::AppendCodepoint(0x3C2, &out);
  } else {
    AppendMapped(text[at], Mapping::kLower, out);
  }
}

std::string Mapped(std::string_view text, Mapping mapping) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) AppendMapped(text::NextCodepoint(text, &i), mapping, out);
  return out;
}

}  // namespace

std::string Upper(std::string_view text) { return Mapped(text, Mapping::kUpper); }
std::string CaseFolded(std::string_view text) { return Mapped(text, Mapping::kFold); }

std::string Lower(std::string_view text) {
  if (text::IsAscii(text)) return Mapped(text, Mapping::kLower);
  const std::vector<int32_t> characters = Codepoints(text);
  std::string out;
  for (size_t i = 0; i < characters.size(); ++i) AppendLower(characters, i, out);
  return out;
}

std::string Capitalized(std::string_view text) {
  const std::vector<int32_t> characters = Codepoints(text);
  std::string out;
  for (size_t i = 0; i < characters.size(); ++i) {
    if (i == 0) {
      AppendMapped(characters[i], Mapping::kTitle, out);
    } else {
      AppendLower(characters, i, out);
    }
  }
  return out;
}

std::string Titled(std::string_view text) {
  const std::vector<int32_t> characters = Codepoints(text);
  std::string out;
  bool in_word = false;
  for (size_t i = 0; i < characters.size(); ++i) {
    if (in_word) {
      AppendLower(characters, i, out);
    } else {
      AppendMapped(characters[i], Mapping::kTitle, out);
    }
    in_word = u_hasBinaryProperty(characters[i], UCHAR_CASED) != 0;
  }
  return out;
}

std::string CaseSwapped(std::string_view text) {
  const std::vector<int32_t> characters = Codepoints(text);
  std::string out;
  for (size_t i = 0; i < characters.size(); ++i) {
    if (u_hasBinaryProperty(characters[i], UCHAR_UPPERCASE)) {
      AppendLower(characters, i, out);
    } else if (u_hasBinaryProperty(characters[i], UCHAR_LOWERCASE)) {
      AppendMapped(characters[i], Mapping::kUpper, out);
    } else {
      text::AppendCodepoint(characters[i], &out);
    }
  }
  return out;
}

}  // namespace restem::jinja
