// Paired statistics over problems. Two models are judged on the same problems, so what varies is
// the difference per problem, not the two accuracies apart.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace restem {

struct Interval {
  double low = 0.0;
  double high = 0.0;
  bool excludes_zero() const { return low > 0.0 || high < 0.0; }
};

// How intervals are computed, for reports.
inline constexpr int64_t kBootstrapResamples = 10'000;
inline constexpr const char* kIntervalMethod =
    "paired percentile bootstrap over problems, 10,000 resamples, fixed seed";

// 95% intervals of the means of several columns over the same rows, by the percentile bootstrap:
// rows are drawn with replacement kBootstrapResamples times, all columns by the same draw, from a
// Philox stream with a fixed key, so that the same numbers give the same interval. Every column has
// as many rows as the first, at least one.
// Meant for tens of rows and more: with a handful it is too narrow, and has no width where all rows
// are equal.
std::vector<Interval> BootstrapMeans(std::span<const std::vector<double>> columns);

// Wilson's score interval, 95%, of a share of `successes` among `trials`. Zero trials: [0, 1].
Interval WilsonInterval(int64_t successes, int64_t trials);

// McNemar's exact test, two-sided: the chance that `gained` and `lost` discordant pairs are at
// least this uneven if each fell either way with equal chance.
double McNemarExact(int64_t gained, int64_t lost);

}  // namespace restem
