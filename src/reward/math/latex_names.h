// LaTeX commands by what they mean for an answer.
#pragma once

#include <array>
#include <string_view>

namespace restem::math {

// Commands that only change looks or spacing.
constexpr std::array<std::string_view, 38> kIgnored = {
    "left",         "right",     "big",         "Big",        "bigg",      "Bigg",   "bigl",
    "bigr",         "Bigl",      "Bigr",        "biggl",      "biggr",     "Biggl",  "Biggr",
    "displaystyle", "textstyle", "scriptstyle", "limits",     "nolimits",  "quad",   "qquad",
    "enspace",      "thinspace", "mathstrut",   "large",      "Large",     "LARGE",  "small",
    "bf",           "rm",        "it",          "boldsymbol", "centering", "hspace", "phantom",
    "normalsize",   "hfill",     "negthinspace"};
// Their argument is text, or mathematics in another font.
constexpr std::array<std::string_view, 15> kText = {"text",
                                                    "textbf",
                                                    "textit",
                                                    "textrm",
                                                    "texttt",
                                                    "textsf",
                                                    "mbox",
                                                    "hbox",
                                                    "mathrm",
                                                    "mathbf",
                                                    "mathit",
                                                    "mathsf",
                                                    "operatorname",
                                                    "mathtt",
                                                    "emph"};

struct Alias {
  std::string_view from;
  std::string_view to;
};
constexpr std::array<Alias, 40> kAliases = {{{"dfrac", "frac"},
                                             {"tfrac", "frac"},
                                             {"cfrac", "frac"},
                                             {"dbinom", "binom"},
                                             {"tbinom", "binom"},
                                             {"leq", "le"},
                                             {"leqslant", "le"},
                                             {"geq", "ge"},
                                             {"geqslant", "ge"},
                                             {"neq", "ne"},
                                             {"lt", "<"},
                                             {"gt", ">"},
                                             {"ast", "*"},
                                             {"bullet", "cdot"},
                                             {"varphi", "phi"},
                                             {"varepsilon", "epsilon"},
                                             {"varnothing", "emptyset"},
                                             {"bigcup", "cup"},
                                             {"bigcap", "cap"},
                                             {"circ", "degree"},
                                             {"lbrace", "\\{"},
                                             {"rbrace", "\\}"},
                                             {"lbrack", "["},
                                             {"rbrack", "]"},
                                             {"lvert", "|"},
                                             {"rvert", "|"},
                                             {"vert", "|"},
                                             {"mid", "|"},
                                             {"colon", ":"},
                                             {"land", "and"},
                                             {"lor", "or"},
                                             {"wedge", "and"},
                                             {"vee", "or"},
                                             {"backslash", "setminus"},
                                             {"mathbin", "mathrm"},
                                             {"iff", "="},
                                             {"sim", "approx"},
                                             {"simeq", "approx"},
                                             {"cong", "approx"},
                                             {"doteq", "approx"}}};

}  // namespace restem::math
