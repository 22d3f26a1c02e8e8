// Numbers as people read them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "eval/statistics.h"

namespace restem {

std::string Percent(double share);      // 0.4137 -> "41.4%"
std::string Points(double difference);  // 0.1834 -> "+18.3", -0.02 -> "−2.0", percentage points
std::string PointsInterval(const Interval& interval);  // "+13.1 to +23.6"
std::string Count(int64_t n);                          // 12345 -> "12,345"
std::string Decimal(double x, int digits);             // never "-0.0"
std::string Rate(double per_second);                   // 12345.6 -> "12.3k"
std::string Duration(double seconds);      // "0.4 s", "41 s", "3 min 05 s", "2 h 07 min"
std::string PValue(double p);              // "0.031", "< 0.001"
std::string UtcTime(double unix_seconds);  // "2026-01-31 14:05 UTC"

// Terminal columns of UTF-8 text, one per code point (combining and wide characters are not told
// apart).
size_t DisplayWidth(std::string_view text);

}  // namespace restem
