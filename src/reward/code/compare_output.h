// Is what a program printed what was expected?
#pragma once

#include <string>
#include <string_view>

namespace restem {

// Empty where it is, else the first difference in words. Compared line by line, blank lines at the
// end and white space between words aside. A word of the expected output that is a decimal fraction
// (0.5, 1e-3) is met by a number within 1e-6 of it, relatively or absolutely; whole numbers and
// other words only by themselves.
std::string OutputDifference(std::string_view printed, std::string_view expected);

}  // namespace restem
