#include "reward/math/runs.h"

#include <absl/strings/ascii.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/status.h"
#include "reward/math/answer_text.h"
#include "reward/math/parse.h"

namespace restem::math {
namespace {

constexpr size_t kNone = std::string_view::npos;

bool IsSpace(char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)); }
bool IsLetter(char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

struct Run {
  size_t begin = 0;
  size_t end = 0;
};

// Could the word be part of a formula? Prose has runs of letters that no command or function
// explains.
bool IsMathWord(std::string_view word) {
  size_t letters = 0;
  for (size_t i = 0; i < word.size(); ++i) {
    if (word[i] == '\\') {
      while (i + 1 < word.size() && IsLetter(word[i + 1])) ++i;
      letters = 0;
    } else if (IsLetter(word[i])) {
      if (++letters > 1) return false;
    } else {
      letters = 0;
    }
  }
  return true;
}

bool HoldsNumber(std::string_view text) {
  return std::any_of(text.begin(), text.end(), IsDigit) || text.find('\\') != kNone ||
         text.find("π") != kNone || text.find("√") != kNone || text.find("∞") != kNone;
}

// Does a run end behind the word? Sentences and lists of prose do.
bool EndsRun(std::string_view word) {
  return word.ends_with(".") || word.ends_with(":") || word.ends_with(";") || word.ends_with("?");
}

// The run without the operators and articles at its ends.
Run Tidied(std::string_view text, Run run) {
  const auto trim = [&] {
    while (run.begin < run.end && IsSpace(text[run.begin])) ++run.begin;
    while (run.begin < run.end && IsSpace(text[run.end - 1])) --run.end;
  };
  trim();
  // "a 5", "I 5", "= 5", "* 5": what stands before the number alone.
  while (run.begin + 1 < run.end && IsSpace(text[run.begin + 1]) &&
         (text[run.begin] == 'a' || text[run.begin] == 'A' || text[run.begin] == 'I' ||
          std::string_view("=*#>-:").find(text[run.begin]) != kNone)) {
    ++run.begin;
    trim();
  }
  while (run.begin < run.end && std::string_view(",;:=-+*").find(text[run.end - 1]) != kNone) {
    --run.end;
    trim();
  }
  return run;
}

std::vector<Run> MathRuns(std::string_view text) {
  std::vector<Run> runs;
  Run run;
  const auto finish = [&] {
    const Run tidy = Tidied(text, run);
    if (tidy.end > tidy.begin && HoldsNumber(text.substr(tidy.begin, tidy.end - tidy.begin))) {
      runs.push_back(tidy);
    }
    run = {text.size(), text.size()};
  };
  run = {text.size(), text.size()};
  for (size_t at = 0; at < text.size();) {
    if (IsSpace(text[at])) {
      if (text[at] == '\n') finish();
      ++at;
      continue;
    }
    size_t end = at;
    while (end < text.size() && !IsSpace(text[end])) ++end;
    const std::string_view word = text.substr(at, end - at);
    if (IsMathWord(word)) {
      if (run.begin == text.size()) run.begin = at;
      run.end = end;
      if (EndsRun(word)) finish();
    } else {
      finish();
      // "5kg", "is$5": the number that letters touch is found by the numeric reward; here only what
      // stands by itself counts.
    }
    at = end;
  }
  finish();
  return runs;
}

// The content of the last $…$, \(…\) or \[…\], and where it ends.
std::optional<Run> LastFormula(std::string_view text) {
  std::optional<Run> last;
  std::array<size_t, 4>
      unclosed;  // behind these places a border has no partner: not looked for again
  unclosed.fill(kNone);
  for (size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    std::string_view close;
    size_t open = 2;
    if (rest.starts_with("$$")) {
      close = "$$";
    } else if (rest.starts_with("\\(")) {
      close = "\\)";
    } else if (rest.starts_with("\\[")) {
      close = "\\]";
    } else if (rest.starts_with("$")) {
      close = "$";
      open = 1;
    } else {
      at += rest.starts_with("\\") ? 2 : 1;
      continue;
    }
    size_t& missing = unclosed[close == "$$" ? 0 : close == "\\)" ? 1 : close == "\\]" ? 2 : 3];
    const size_t end = at >= missing ? kNone : text.find(close, at + open);
    if (end == kNone) missing = std::min(missing, at);
    const bool money =
        end == kNone || end == at + open ||
        (close == "$" && (IsSpace(text[end - 1]) || text.substr(at, end - at).find('\n') != kNone));
    if (money) {
      at += open;
      continue;
    }
    last = Run{at + open, end};
    at = end + close.size();
  }
  return last;
}

// Markdown's ** as spaces: it touches white space, punctuation or an end on one side. Where ** is a
// power it does not.
std::string WithoutBold(std::string_view text) {
  std::string plain(text);
  const auto outside = [&](size_t at) {
    return at >= text.size() || IsSpace(text[at]) ||
           std::string_view(".,;:!?").find(text[at]) != kNone;
  };
  for (size_t at = text.find("**"); at != kNone; at = text.find("**", at + 2)) {
    const bool opens = at == 0 || outside(at - 1);
    if (opens != outside(at + 2)) plain[at] = plain[at + 1] = ' ';
  }
  return plain;
}

// What a last line without mathematics settles on: its last bold words, or those behind its last
// "is"; else, or where it begins with a choice's letter, all of it.
std::string_view Settled(std::string_view line) {
  if (line.starts_with("(") && LeadingChoice(line)) return line;
  const size_t close = line.rfind("**");
  const size_t open = close == kNone || close < 2 ? kNone : line.rfind("**", close - 2);
  if (open != kNone) return line.substr(open + 2, close - open - 2);
  const size_t is = line.rfind(" is ");
  return is == kNone ? line : line.substr(is + 4);
}

// Words of a sentence: more than an answer's name or unit has.
bool HoldsProse(const Node& node) {
  const auto words = [](const std::string& text) {
    return std::count(text.begin(), text.end(), ' ') + (text.empty() ? 0 : 1);
  };
  if (node.kind == Kind::kText && words(node.name) > 1) return true;
  // "So, x = 5"
  if (node.kind == Kind::kList && Contains(node, Kind::kText)) return true;
  return words(node.unit) > 3 || std::any_of(node.args.begin(), node.args.end(), HoldsProse);
}

// A short text that is nothing but an answer.
bool IsAnswer(std::string_view text) {
  constexpr size_t kMaxAnswer = 200;
  if (text.size() > kMaxAnswer || text.find('\n') != kNone) return false;
  const auto node = Parse(text);
  return node && !HoldsProse(*node);
}

}  // namespace

std::optional<std::string> LastExpression(std::string_view text) {
  const std::string_view all = Trimmed(text);
  if (all.empty()) return std::nullopt;
  if (IsAnswer(all)) return std::string(all);
  const std::string plain = WithoutBold(text);
  const std::string_view view = plain;
  const std::vector<Run> runs = MathRuns(view);
  const auto formula = LastFormula(view);
  const auto cut = [&](Run run) {
    return std::string(Trimmed(view.substr(run.begin, run.end - run.begin)));
  };
  if (formula && (runs.empty() || runs.back().begin <= formula->end)) return cut(*formula);
  if (!runs.empty()) return cut(runs.back());
  const size_t line = all.rfind('\n');
  return std::string(Trimmed(Settled(line == kNone ? all : all.substr(line + 1))));
}

std::string OnlyExpression(std::string_view sentence) {
  const std::string lower = absl::AsciiStrToLower(ToAbsl(sentence));
  for (const std::string_view no : {"not ", "n't ", "either ", "except "}) {
    if (lower.find(no) != kNone) return "";
  }
  const std::vector<Run> runs = MathRuns(sentence);
  if (runs.size() != 1) return "";
  return std::string(Trimmed(sentence.substr(runs[0].begin, runs[0].end - runs[0].begin)));
}

}  // namespace restem::math
