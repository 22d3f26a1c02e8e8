#include "reward/math/answer_text.h"

#include <absl/strings/ascii.h>

#include <algorithm>

#include "base/status.h"
#include "reward/unicode.h"

namespace restem::math {
namespace {

constexpr size_t kNone = std::string_view::npos;
constexpr char kBackslash = '\\';

bool IsSpace(char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)); }
bool IsWordByte(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         static_cast<unsigned char>(c) >= 0x80;
}

// Without the commands of fonts and spacing, and the braces of the former.
std::string WithoutFonts(std::string_view text) {
  std::string out;
  std::string braces;  // of those open: 'f' of a font, '{' of others
  for (size_t i = 0; i < text.size(); ++i) {
    const std::string_view rest = text.substr(i);
    bool font = false;
    for (const std::string_view command : {"\\text{",
                                           "\\textbf{",
                                           "\\textit{",
                                           "\\textrm{",
                                           "\\texttt{",
                                           "\\mathrm{",
                                           "\\mathbf{",
                                           "\\mbox{",
                                           "\\boxed{",
                                           "\\fbox{",
                                           "\\emph{"}) {
      if (!rest.starts_with(command)) continue;
      i += command.size() - 1;
      braces += 'f';
      font = true;
      break;
    }
    if (font) continue;
    if (rest.starts_with("\\left") || rest.starts_with("\\right")) {
      i += rest[1] == 'l' ? 4 : 5;
    } else if (rest.size() > 1 && rest[0] == '\\' &&
               std::string_view(",;:! ()[]$").find(rest[1]) != kNone) {
      out += ' ';
      ++i;
    } else if (rest[0] == '\\' && rest.size() > 1) {
      out += rest[0];
      out += rest[1];
      ++i;
    } else if (rest[0] == '}' && !braces.empty()) {
      if (braces.back() != 'f') out += '}';
      braces.pop_back();
    } else {
      if (rest[0] == '{') braces += '{';
      if (rest[0] != '$') out += rest[0];
    }
  }
  return out;
}

// A space stays where it separates words or numbers.
std::string Tightened(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != ' ') {
      out += text[i];
    } else if (!out.empty() && i + 1 < text.size() && IsWordByte(out.back()) &&
               IsWordByte(text[i + 1])) {
      out += ' ';
    }
  }
  return out;
}

}  // namespace

std::string_view Trimmed(std::string_view text) {
  const auto outside = [](char c) { return IsSpace(c) || c == '$'; };
  for (size_t before = 0; before != text.size();) {
    before = text.size();
    while (!text.empty() && outside(text.front())) text.remove_prefix(1);
    while (!text.empty() && outside(text.back())) text.remove_suffix(1);
    for (const std::string_view mark : {"**", "__", "`", "\\(", "\\["}) {
      if (text.starts_with(mark)) text.remove_prefix(mark.size());
    }
    for (const std::string_view mark : {"**", "__", "`", "\\)", "\\]"}) {
      if (text.ends_with(mark)) text.remove_suffix(mark.size());
    }
    while (!text.empty() && !text.ends_with("..") &&
           !(text.size() > 1 && text[text.size() - 2] == kBackslash) &&
           std::string_view(".,;").find(text.back()) != kNone) {
      text.remove_suffix(1);
    }
  }
  return text;
}

std::string TextKey(std::string_view text) {
  std::string folded = FoldText(WithoutFonts(Trimmed(text)));
  std::erase_if(folded, [](char c) { return c == '"' || c == '\'' || c == '`' || c == '*'; });
  // Lists of words are written with and without commas; in numbers a comma means something.
  const bool words = std::none_of(folded.begin(), folded.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
  if (words) std::replace(folded.begin(), folded.end(), ',', ' ');
  while (!folded.empty() && (folded.back() == '.' || folded.back() == ' ')) folded.pop_back();
  std::string key = Tightened(FoldText(folded));
  return key;
}

std::optional<char> ChoiceOf(std::string_view text) {
  const std::string plain = WithoutFonts(Trimmed(text));
  const std::string_view label = ToStd(absl::StripAsciiWhitespace(ToAbsl(plain)));
  const auto is_label = [](char c) { return absl::ascii_isupper(static_cast<unsigned char>(c)); };
  if (label.size() == 1 && is_label(label[0])) return label[0];
  if (label.size() == 3 && label[0] == '(' && label[2] == ')' && is_label(label[1]))
    return label[1];
  return std::nullopt;
}

namespace {

// "(A) or (C)" settles on nothing.
bool NamesOtherChoice(std::string_view text, char letter) {
  for (size_t at = text.find('('); at != kNone; at = text.find('(', at + 1)) {
    const std::string_view label = text.substr(at, 3);
    if (label.size() == 3 && label[2] == ')' && label[1] != letter && label[1] >= 'A' &&
        label[1] <= 'Z') {
      return true;
    }
  }
  return false;
}

}  // namespace

std::optional<char> LeadingChoice(std::string_view text) {
  const std::string plain = WithoutFonts(Trimmed(text));
  std::string_view rest = ToStd(absl::StripLeadingAsciiWhitespace(ToAbsl(plain)));
  for (const std::string_view word : {"option ", "choice ", "Option ", "Choice ", "answer "}) {
    if (rest.starts_with(word)) rest.remove_prefix(word.size());
  }
  const bool open = rest.starts_with("(");
  if (open) rest.remove_prefix(1);
  if (rest.empty()) return std::nullopt;
  const char letter = rest[0];
  rest.remove_prefix(1);
  if (open) {
    const char upper = absl::ascii_toupper(static_cast<unsigned char>(letter));
    if (!rest.starts_with(")") || NamesOtherChoice(rest, upper)) return std::nullopt;
    // "(x)(x + 1)" is no choice.
    if (rest.size() > 1 && !IsSpace(rest[1]) && std::string_view(".,:").find(rest[1]) == kNone) {
      return std::nullopt;
    }
    return absl::ascii_isalpha(static_cast<unsigned char>(letter)) ? std::optional(upper)
                                                                   : std::nullopt;
  }
  if (!absl::ascii_isupper(static_cast<unsigned char>(letter))) return std::nullopt;
  if (rest.empty()) return letter;
  // "B. 12", "B) 12", "B: 12"; "B 12" and "B + 1" are something else.
  const bool ends =
      std::string_view(".):").find(rest[0]) != kNone && (rest.size() == 1 || IsSpace(rest[1]));
  return ends ? std::optional(letter) : std::nullopt;
}

std::optional<char> GoldChoice(std::string_view text) {
  if (const auto choice = ChoiceOf(text)) return choice;
  const std::string plain = WithoutFonts(Trimmed(text));
  const std::string_view label = ToStd(absl::StripAsciiWhitespace(ToAbsl(plain)));
  const bool capital = label.size() > 3 && label[0] == '(' && label[1] >= 'A' && label[1] <= 'Z' &&
                       label[2] == ')' && IsSpace(label[3]);
  return capital ? LeadingChoice(text) : std::nullopt;
}

}  // namespace restem::math
