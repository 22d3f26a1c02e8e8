#include "eval/statistics.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/random.h"

namespace restem {
namespace {

// Row numbers of one resample, four to a Philox block. 32 bits times rows: a bias of at most rows /
// 2^32.
void DrawRows(int64_t resample, std::vector<uint32_t>& rows) {
  const RandomStream stream(
      /*seed=*/0,
      StreamPurpose::kShuffle,
      /*iteration=*/0,
      "paired bootstrap",
      static_cast<uint64_t>(resample));
  const uint64_t count = rows.size();
  std::array<uint32_t, 4> words = {};
  for (size_t i = 0; i < count; ++i) {
    if (i % 4 == 0) words = stream.at(i / 4);
    rows[i] = static_cast<uint32_t>((words[i % 4] * count) >> 32);
  }
}

// Linear interpolation between order statistics (Hyndman and Fan's type 7). `sorted` is not empty.
double Quantile(const std::vector<double>& sorted, double p) {
  const double position = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(position);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], position - static_cast<double>(below));
}

}  // namespace

std::vector<Interval> BootstrapMeans(std::span<const std::vector<double>> columns) {
  if (columns.empty() || columns.front().empty()) return std::vector<Interval>(columns.size());
  const size_t width = columns.size();
  const size_t height = columns.front().size();
  // Row by row: a drawn row's columns lie side by side, so that they are added with one read.
  std::vector<double> table(width * height);
  for (size_t c = 0; c < width; ++c) {
    for (size_t r = 0; r < height; ++r) table[r * width + c] = columns[c][r];
  }
  std::vector<uint32_t> rows(height);
  std::vector<double> sums(width);
  std::vector<std::vector<double>> means(width, std::vector<double>(kBootstrapResamples));
  for (int64_t resample = 0; resample < kBootstrapResamples; ++resample) {
    DrawRows(resample, rows);
    std::fill(sums.begin(), sums.end(), 0.0);
    for (const uint32_t row : rows) {
      for (size_t c = 0; c < width; ++c) sums[c] += table[row * width + c];
    }
    for (size_t c = 0; c < width; ++c) {
      means[c][static_cast<size_t>(resample)] = sums[c] / static_cast<double>(height);
    }
  }
  std::vector<Interval> intervals;
  for (std::vector<double>& column : means) {
    std::sort(column.begin(), column.end());
    intervals.push_back({Quantile(column, 0.025), Quantile(column, 0.975)});
  }
  return intervals;
}

Interval WilsonInterval(int64_t successes, int64_t trials) {
  if (trials <= 0) return {0.0, 1.0};
  constexpr double kZ = 1.959963984540054;
  const auto n = static_cast<double>(trials);
  const double p = static_cast<double>(successes) / n;
  const double centre = (p + kZ * kZ / (2 * n)) / (1 + kZ * kZ / n);
  const double half = kZ / (1 + kZ * kZ / n) * std::sqrt(p * (1 - p) / n + kZ * kZ / (4 * n * n));
  return {std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

double McNemarExact(int64_t gained, int64_t lost) {
  const int64_t n = gained + lost;
  const auto log_choose = [n](int64_t i) {
    const auto gamma = [](int64_t x) { return std::lgamma(static_cast<double>(x) + 1.0); };
    return gamma(n) - gamma(i) - gamma(n - i);
  };
  double tail = 0.0;
  for (int64_t i = 0; i <= std::min(gained, lost); ++i) {
    tail += std::exp(log_choose(i) - static_cast<double>(n) * std::log(2.0));
  }
  return std::min(1.0, 2.0 * tail);
}

}  // namespace restem
