#include "text/grapheme.h"

#include <unicode/uchar.h>

#include "text/unicode.h"

namespace restem::text {
namespace {

int BreakClass(int32_t codepoint) {
  return u_getIntPropertyValue(codepoint, UCHAR_GRAPHEME_CLUSTER_BREAK);
}

bool IsControl(int c) { return c == U_GCB_CONTROL || c == U_GCB_CR || c == U_GCB_LF; }

// GB6 to GB8: the syllables of Hangul.
bool JoinsHangul(int before, int after) {
  if (before == U_GCB_L) {
    return after == U_GCB_L || after == U_GCB_V || after == U_GCB_LV || after == U_GCB_LVT;
  }
  if (before == U_GCB_LV || before == U_GCB_V) return after == U_GCB_V || after == U_GCB_T;
  if (before == U_GCB_LVT || before == U_GCB_T) return after == U_GCB_T;
  return false;
}

bool IsPictograph(int32_t codepoint) {
  return u_hasBinaryProperty(codepoint, UCHAR_EXTENDED_PICTOGRAPHIC) != 0;
}

}  // namespace

size_t GraphemeEnd(std::string_view text, size_t begin) {
  size_t at = begin;
  int32_t codepoint = NextCodepoint(text, &at);
  int before = BreakClass(codepoint);
  bool pictograph = IsPictograph(codepoint);  // followed by nothing but Extend, then a joiner
  int flags = before == U_GCB_REGIONAL_INDICATOR ? 1 : 0;
  while (at < text.size()) {
    size_t next = at;
    codepoint = NextCodepoint(text, &next);
    const int after = BreakClass(codepoint);
    const bool extends = after == U_GCB_EXTEND || after == U_GCB_ZWJ;
    bool join = false;
    if (before == U_GCB_CR && after == U_GCB_LF) {
      join = true;
    } else if (!IsControl(before) && !IsControl(after)) {
      join = extends || after == U_GCB_SPACING_MARK || before == U_GCB_PREPEND ||
             JoinsHangul(before, after) ||
             (pictograph && before == U_GCB_ZWJ && IsPictograph(codepoint)) ||
             (after == U_GCB_REGIONAL_INDICATOR && flags % 2 == 1);
    }
    if (!join) break;
    pictograph = IsPictograph(codepoint) || (pictograph && extends && before != U_GCB_ZWJ);
    flags = after == U_GCB_REGIONAL_INDICATOR ? flags + 1 : 0;
    before = after;
    at = next;
  }
  return at;
}

}  // namespace restem::text
