#include "reward/math/unicode_math.h"

#include <unicode/utf8.h>

#include <algorithm>
#include <string>
#include <unordered_map>

namespace restem::math {
namespace {

const std::unordered_map<UChar32, std::string_view>& Spellings() {
  static const std::unordered_map<UChar32, std::string_view> spellings = {
      {U'×', "\\times "},
      {U'·', "\\cdot "},
      {U'⋅', "\\cdot "},
      {U'∙', "\\cdot "},
      {U'•', "\\cdot "},
      {U'÷', "\\div "},
      {U'−', "-"},
      {U'–', "-"},
      {U'—', "-"},
      {U'‐', "-"},
      {U'‑', "-"},
      {U'±', "\\pm "},
      {U'∓', "\\mp "},
      {U'√', "\\sqrt "},
      {U'∛', "\\cbrt "},
      {U'π', "\\pi "},
      {U'∞', "\\infty "},
      {U'°', "\\degree "},
      {U'≤', "\\le "},
      {U'⩽', "\\le "},
      {U'≥', "\\ge "},
      {U'⩾', "\\ge "},
      {U'≠', "\\ne "},
      {U'≈', "\\approx "},
      {U'≡', "\\equiv "},
      {U'∪', "\\cup "},
      {U'∩', "\\cap "},
      {U'∈', "\\in "},
      {U'∅', "\\emptyset "},
      {U'ℝ', "\\mathbb{R}"},
      {U'ℤ', "\\mathbb{Z}"},
      {U'ℕ', "\\mathbb{N}"},
      {U'ℚ', "\\mathbb{Q}"},
      {U'ℂ', "\\mathbb{C}"},
      {U'∖', "\\setminus "},
      {U'α', "\\alpha "},
      {U'β', "\\beta "},
      {U'γ', "\\gamma "},
      {U'δ', "\\delta "},
      {U'ε', "\\epsilon "},
      {U'θ', "\\theta "},
      {U'λ', "\\lambda "},
      {U'μ', "\\mu "},
      {U'ρ', "\\rho "},
      {U'σ', "\\sigma "},
      {U'τ', "\\tau "},
      {U'φ', "\\phi "},
      {U'ϕ', "\\phi "},
      {U'ω', "\\omega "},
      {U'Δ', "\\Delta "},
      {U'Ω', "\\Omega "},
      {U'⌊', "\\lfloor "},
      {U'⌋', "\\rfloor "},
      {U'⌈', "\\lceil "},
      {U'⌉', "\\rceil "},
      {U'⟨', "\\langle "},
      {U'⟩', "\\rangle "},
      {U'∠', "\\angle "},
      {U'′', "'"},
      {U'’', "'"},
      {U'‘', "'"},
      {U'“', "\""},
      {U'”', "\""},
      {U'⁄', "/"},
      {U'∕', "/"},
      {U'½', "\\frac{1}{2}"},
      {U'⅓', "\\frac{1}{3}"},
      {U'⅔', "\\frac{2}{3}"},
      {U'¼', "\\frac{1}{4}"},
      {U'¾', "\\frac{3}{4}"},
      {U'⅕', "\\frac{1}{5}"},
      {U'⅖', "\\frac{2}{5}"},
      {U'⅗', "\\frac{3}{5}"},
      {U'⅘', "\\frac{4}{5}"},
      {U'⅙', "\\frac{1}{6}"},
      {U'⅚', "\\frac{5}{6}"},
      {U'⅛', "\\frac{1}{8}"},
      {U'⅜', "\\frac{3}{8}"},
      {U'⅝', "\\frac{5}{8}"},
      {U'⅞', "\\frac{7}{8}"},
      {U'€', "\\$"},
      {U'£', "\\$"},
      {U'¥', "\\$"},
      {U'₹', "\\$"},
      {U'\u00a0', " "},
      {U'\u2009', "\\,"},
      {U'\u202f', "\\,"},
      {U'\u2003', " "},
      {U'\u2002', " "},
      {U'\u3000', " "},
      {U'\u200b', ""},
      {U'\u2061', ""},
      {U'\u2062', ""},
      {U'\ufeff', ""},
      {U'、', ","},
      {U'。', "."},
  };
  return spellings;
}

// The character that a superscript or subscript stands for; 0 where it is none.
char Raised(char32_t c) {
  switch (c) {
    case U'⁰':
      return '0';
    case U'¹':
      return '1';
    case U'²':
      return '2';
    case U'³':
      return '3';
    case U'⁺':
      return '+';
    case U'⁻':
      return '-';
    case U'ⁿ':
      return 'n';
    default:
      return c >= U'⁴' && c <= U'⁹' ? static_cast<char>('4' + (c - U'⁴')) : '\0';
  }
}
char Lowered(char32_t c) {
  return c >= U'₀' && c <= U'₉' ? static_cast<char>('0' + (c - U'₀')) : '\0';
}

class Rewriter {
 public:
  explicit Rewriter(std::string_view text) : text_(text) {}

  std::string run() {
    const auto size = static_cast<int64_t>(text_.size());
    for (int64_t at = 0; at < size;) {
      const int64_t begin = at;
      UChar32 c = 0;
      U8_NEXT(text_.data(), at, size, c);
      put(c, text_.substr(begin, at - begin));
    }
    close();
    return std::move(out_);
  }

 private:
  void put(UChar32 c, std::string_view bytes) {
    if (const char raised = Raised(static_cast<char32_t>(c))) return script('^', raised);
    if (const char lowered = Lowered(static_cast<char32_t>(c))) return script('_', lowered);
    close();
    if (c >= 0xff01 && c <= 0xff5e) {
      out_ += static_cast<char>(c - 0xff01 + '!');
      return;
    }
    const auto found = c < 0x80 ? Spellings().end() : Spellings().find(c);
    out_ += found == Spellings().end() ? bytes : found->second;
  }
  // Neighbouring characters share one group: x¹² is x^{12}.
  void script(char kind, char c) {
    if (open_ != kind) {
      close();
      out_ += kind;
      out_ += '{';
      open_ = kind;
    }
    out_ += c;
  }
  void close() {
    if (open_ != '\0') out_ += '}';
    open_ = '\0';
  }

  const std::string_view text_;
  std::string out_;
  char open_ = '\0';
};

}  // namespace

std::string UnicodeToLatex(std::string_view text) {
  const bool ascii = std::all_of(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  return ascii ? std::string(text) : Rewriter(text).run();
}

}  // namespace restem::math
