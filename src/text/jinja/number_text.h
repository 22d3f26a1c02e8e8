// Numbers written as % and format() write them.
#pragma once

#include <string>
#include <string_view>

#include "text/jinja/runtime.h"

namespace restem::jinja {

// How one value is to be written: what both notations have in common.
struct NumberFormat {
  char type = 's';  // d x X o b c e E f F g G % n, or s for the default
  char align = 0;   // < > ^ =; 0: the default
  std::string fill = " ";
  char sign = '-';  // - + or a space
  bool alternate = false;
  char grouping = 0;  // , or _
  int64_t width = 0;
  int64_t precision = -1;
};

// Error for a type that the value does not have.
std::string FormatInteger(int64_t value, const NumberFormat& format);
std::string FormatReal(double value, const NumberFormat& format);
// Fills to the width; `number` is where the default is the right side, with signs before zeros.
std::string Padded(Runtime& runtime, std::string text, const NumberFormat& format, bool number);

}  // namespace restem::jinja
