#include "report/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>

namespace restem {

std::string Decimal(double x, int digits) {
  std::string text = fmt::format("{:.{}f}", std::abs(x), digits);
  const bool zero = text.find_first_not_of("0.") == std::string::npos;
  return x < 0 && !zero ? fmt::format("−{}", text) : text;
}

std::string Percent(double share) { return Decimal(100.0 * share, 1) + "%"; }

std::string Points(double difference) {
  const std::string text = Decimal(100.0 * difference, 1);
  const bool positive = difference > 0 && text != "0.0";
  return positive ? fmt::format("+{}", text) : text;
}

std::string PointsInterval(const Interval& interval) {
  return Points(interval.low) + " to " + Points(interval.high);
}

std::string Count(int64_t n) {
  const std::string digits = std::to_string(n < 0 ? -n : n);
  std::string text = n < 0 ? "−" : "";
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string Rate(double per_second) {
  if (per_second >= 999'950) return Decimal(per_second / 1e6, 1) + "M";
  if (per_second >= 9'950) return Decimal(per_second / 1e3, 1) + "k";
  return Count(std::llround(per_second));
}

std::string Duration(double seconds) {
  if (seconds < 9.95) return Decimal(seconds, 1) + " s";
  const int64_t whole = std::llround(seconds);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

std::string PValue(double p) { return p < 0.001 ? "< 0.001" : Decimal(p, 3); }

std::string UtcTime(double unix_seconds) {
  const auto time = static_cast<std::time_t>(unix_seconds);
  std::tm parts = {};
  if (gmtime_r(&time, &parts) == nullptr) return "";
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts)};
}

size_t DisplayWidth(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

}  // namespace restem
