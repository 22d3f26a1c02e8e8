#include "reward/math/words.h"

#include <absl/strings/ascii.h>

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>

#include "base/status.h"

namespace restem::math {
namespace {

using Names = std::unordered_map<std::string_view, std::string_view>;

const Names& Functions() {
  static const Names names = {{"sin", "sin"},
                              {"cos", "cos"},
                              {"tan", "tan"},
                              {"cot", "cot"},
                              {"sec", "sec"},
                              {"csc", "csc"},
                              {"arcsin", "arcsin"},
                              {"asin", "arcsin"},
                              {"arccos", "arccos"},
                              {"acos", "arccos"},
                              {"arctan", "arctan"},
                              {"atan", "arctan"},
                              {"sinh", "sinh"},
                              {"cosh", "cosh"},
                              {"tanh", "tanh"},
                              {"ln", "ln"},
                              {"log", "log"},
                              {"lg", "log"},
                              {"exp", "exp"},
                              {"abs", "abs"},
                              {"floor", "floor"},
                              {"ceil", "ceil"},
                              {"ceiling", "ceil"},
                              {"max", "max"},
                              {"min", "min"},
                              {"gcd", "gcd"},
                              {"lcm", "lcm"},
                              {"sqrt", "sqrt"},
                              {"cbrt", "cbrt"},
                              {"binom", "binom"},
                              {"factorial", "factorial"}};
  return names;
}

struct Entry {
  std::string_view base;
  int64_t num;
  int64_t den;
};
// Singular; Folded() takes the plural's s away.
const std::unordered_map<std::string_view, Entry>& Units() {
  static const std::unordered_map<std::string_view, Entry> units = {{"m", {"m", 1, 1}},
                                                                    {"meter", {"m", 1, 1}},
                                                                    {"metre", {"m", 1, 1}},
                                                                    {"cm", {"m", 1, 100}},
                                                                    {"centimeter", {"m", 1, 100}},
                                                                    {"centimetre", {"m", 1, 100}},
                                                                    {"mm", {"m", 1, 1000}},
                                                                    {"millimeter", {"m", 1, 1000}},
                                                                    {"km", {"m", 1000, 1}},
                                                                    {"kilometer", {"m", 1000, 1}},
                                                                    {"kilometre", {"m", 1000, 1}},
                                                                    {"in", {"in", 1, 1}},
                                                                    {"inch", {"in", 1, 1}},
                                                                    {"inche", {"in", 1, 1}},
                                                                    {"ft", {"in", 12, 1}},
                                                                    {"foot", {"in", 12, 1}},
                                                                    {"feet", {"in", 12, 1}},
                                                                    {"yd", {"in", 36, 1}},
                                                                    {"yard", {"in", 36, 1}},
                                                                    {"mile", {"in", 63360, 1}},
                                                                    {"mi", {"in", 63360, 1}},
                                                                    {"g", {"g", 1, 1}},
                                                                    {"gram", {"g", 1, 1}},
                                                                    {"kg", {"g", 1000, 1}},
                                                                    {"kilogram", {"g", 1000, 1}},
                                                                    {"mg", {"g", 1, 1000}},
                                                                    {"lb", {"lb", 1, 1}},
                                                                    {"pound", {"lb", 1, 1}},
                                                                    {"oz", {"lb", 1, 16}},
                                                                    {"ounce", {"lb", 1, 16}},
                                                                    {"s", {"s", 1, 1}},
                                                                    {"sec", {"s", 1, 1}},
                                                                    {"second", {"s", 1, 1}},
                                                                    {"min", {"s", 60, 1}},
                                                                    {"minute", {"s", 60, 1}},
                                                                    {"hr", {"s", 3600, 1}},
                                                                    {"h", {"s", 3600, 1}},
                                                                    {"hour", {"s", 3600, 1}},
                                                                    {"day", {"s", 86400, 1}},
                                                                    {"week", {"s", 604800, 1}},
                                                                    {"month", {"month", 1, 1}},
                                                                    {"year", {"month", 12, 1}},
                                                                    {"l", {"l", 1, 1}},
                                                                    {"liter", {"l", 1, 1}},
                                                                    {"litre", {"l", 1, 1}},
                                                                    {"ml", {"l", 1, 1000}},
                                                                    {"milliliter", {"l", 1, 1000}},
                                                                    {"cent", {"$", 1, 100}},
                                                                    {"dollar", {"$", 1, 1}},
                                                                    {"usd", {"$", 1, 1}},
                                                                    {"mph", {"mph", 1, 1}},
                                                                    {"hz", {"hz", 1, 1}},
                                                                    {"degree", {"degree", 1, 1}}};
  return units;
}

// Two-letter words of sentences; every other pair of letters is a product such as xy.
const std::unordered_set<std::string_view>& SmallWords() {
  static const std::unordered_set<std::string_view> words = {
      "no", "on", "is", "or", "if", "in", "of", "to", "by", "at", "up", "us", "we",
      "he", "me", "my", "so", "do", "go", "an", "as", "am", "be", "it", "pm", "ok"};
  return words;
}

std::string Folded(std::string_view word) {
  std::string folded = absl::AsciiStrToLower(ToAbsl(word));
  if (folded.size() > 2 && folded.back() == 's') folded.pop_back();
  return folded;
}

// abc, xyz: names of variables in their order.
bool IsAlphabetical(std::string_view word) {
  for (size_t i = 1; i < word.size(); ++i) {
    if (word[i] != word[i - 1] + 1) return false;
  }
  return true;
}

}  // namespace

std::string FunctionName(std::string_view word) {
  const auto found = Functions().find(word);
  return found == Functions().end() ? "" : std::string(found->second);
}

bool IsWord(const Token& token, bool behind_number) {
  if (token.type != Token::Type::kWord) return false;
  const std::string& word = token.text;
  const bool unit = behind_number && Units().contains(Folded(word));
  if (word.size() == 1) return unit && (token.in_text || token.space_before);
  if (unit) return true;
  if (!token.in_text && (!FunctionName(word).empty() || word == "pi")) return false;
  if (token.in_text) return true;
  if (word.size() == 2) return SmallWords().contains(absl::AsciiStrToLower(word));
  // "3abx" is a product, "3 apples" is not.
  if (behind_number && !token.space_before) return word.size() > 4;
  return !IsAlphabetical(word);
}

std::optional<int64_t> NumberWord(std::string_view word) {
  constexpr std::array<std::string_view, 21> kUpToTwenty = {
      "zero",     "one",     "two",     "three",     "four",     "five",     "six",
      "seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",   "thirteen",
      "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"};
  constexpr std::array<std::string_view, 8> kTens = {
      "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety", "hundred"};
  const std::string lower = absl::AsciiStrToLower(ToAbsl(word));
  for (size_t i = 0; i < kUpToTwenty.size(); ++i) {
    if (lower == kUpToTwenty[i]) return static_cast<int64_t>(i);
  }
  for (size_t i = 0; i < kTens.size(); ++i) {
    if (lower == kTens[i]) return static_cast<int64_t>(30 + 10 * i);
  }
  return std::nullopt;
}

std::optional<Unit> KnownUnit(std::string_view words) {
  std::string folded = Folded(words);
  int power = 1;
  for (const auto& [prefix, n] : {std::pair{"square ", 2}, {"sq ", 2}, {"cubic ", 3}}) {
    if (!folded.starts_with(prefix)) continue;
    folded = folded.substr(std::string_view(prefix).size());
    power = n;
  }
  if (folded.ends_with("^2")) power = 2;
  if (folded.ends_with("^3")) power = 3;
  if (folded.size() > 2 && folded[folded.size() - 2] == '^') {
    folded = Folded(folded.substr(0, folded.size() - 2));
  }
  const auto found = Units().find(folded);
  if (found == Units().end()) return std::nullopt;
  const Entry& entry = found->second;
  Unit unit{std::string(entry.base), entry.num, entry.den};
  for (int i = 1; i < power; ++i) {
    unit.num *= entry.num;
    unit.den *= entry.den;
  }
  if (power > 1) unit.base += power == 2 ? "^2" : "^3";
  return unit;
}

}  // namespace restem::math
