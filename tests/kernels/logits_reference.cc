#include "kernels/logits_reference.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

namespace restem::testing {
namespace {

using kernels::BytesOf;
using kernels::Precision;

uint32_t BitsOf(float x) {
  uint32_t bits = 0;
  std::memcpy(&bits, &x, sizeof(bits));
  return bits;
}

float FloatOf(uint32_t bits) {
  float x = 0.0F;
  std::memcpy(&x, &bits, sizeof(x));
  return x;
}

// The nearest value that the precision holds.
float Rounded(double value, Precision precision) {
  const auto x = static_cast<float>(value);
  if (precision == Precision::kFloat32 || std::isnan(x)) return x;
  const uint32_t bits = BitsOf(x);
  return FloatOf((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000U);
}

void Put(double value, Precision precision, unsigned char* to) {
  const uint32_t bits = BitsOf(Rounded(value, precision));
  if (precision == Precision::kFloat32) {
    std::memcpy(to, &bits, 4);
  } else {
    const auto upper = static_cast<uint16_t>(bits >> 16);
    std::memcpy(to, &upper, 2);
  }
}

double Take(const unsigned char* from, Precision precision) {
  if (precision == Precision::kFloat32) {
    uint32_t bits = 0;
    std::memcpy(&bits, from, 4);
    return FloatOf(bits);
  }
  uint16_t upper = 0;
  std::memcpy(&upper, from, 2);
  return FloatOf(uint32_t{upper} << 16);
}

double TransformedValue(const kernels::LogitTransform& transform, double x) {
  if (transform.soft_cap > 0.0F)
    x = double{transform.soft_cap} * std::tanh(x / double{transform.soft_cap});
  return x * double{transform.inverse_temperature};
}

double Slope(const kernels::LogitTransform& transform, double logit) {
  double slope = transform.inverse_temperature;
  if (transform.soft_cap > 0.0F) {
    const double t = std::tanh(logit / double{transform.soft_cap});
    slope *= 1.0 - t * t;
  }
  return slope;
}

}  // namespace

LogitsMatrix RandomLogits(
    int64_t rows, int64_t vocab, Precision precision, double scale, uint32_t seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<double> normal;
  LogitsMatrix logits = {rows, vocab, 0, precision, {}, {}};
  const int64_t vector = 16 / BytesOf(precision);
  logits.stride = ((vocab + vector - 1) / vector + 1) * vector;
  logits.bytes.resize(static_cast<size_t>(rows * logits.stride * BytesOf(precision)), 0xFF);
  for (int64_t i = 0; i < rows * vocab; ++i) {
    logits.values.push_back(double{Rounded(normal(engine) * scale, precision)});
    const int64_t element = i / vocab * logits.stride + i % vocab;
    Put(logits.values.back(), precision, logits.bytes.data() + element * BytesOf(precision));
  }
  return logits;
}

std::vector<double> ValuesOf(const std::vector<unsigned char>& bytes, const LogitsMatrix& like) {
  std::vector<double> values;
  for (int64_t i = 0; i < like.rows * like.vocab; ++i) {
    const int64_t element = i / like.vocab * like.stride + i % like.vocab;
    values.push_back(Take(bytes.data() + element * BytesOf(like.precision), like.precision));
  }
  return values;
}

std::vector<unsigned char> Encoded(const std::vector<double>& values, Precision precision) {
  const auto size = static_cast<size_t>(BytesOf(precision));
  std::vector<unsigned char> bytes(values.size() * size);
  for (size_t i = 0; i < values.size(); ++i) Put(values[i], precision, bytes.data() + i * size);
  return bytes;
}

std::vector<double> Decoded(const std::vector<unsigned char>& bytes, Precision precision) {
  const auto size = static_cast<size_t>(BytesOf(precision));
  std::vector<double> values(bytes.size() / size);
  for (size_t i = 0; i < values.size(); ++i) values[i] = Take(bytes.data() + i * size, precision);
  return values;
}

Reference ReferenceOf(const LogitsMatrix& logits,
                      const kernels::LogitTransform& transform,
                      const std::vector<int32_t>& targets,
                      const std::vector<float>& weights,
                      double z_loss) {
  Reference reference;
  reference.gradient.resize(logits.values.size());
  for (int64_t r = 0; r < logits.rows; ++r) {
    const double* row = logits.values.data() + r * logits.vocab;
    std::vector<double> x(row, row + logits.vocab);
    for (double& value : x) value = TransformedValue(transform, value);
    const double max = *std::max_element(x.begin(), x.end());
    double sum = 0.0;
    for (const double value : x) sum += std::exp(value - max);
    const double lse = max + std::log(sum);
    const auto target = static_cast<size_t>(targets[static_cast<size_t>(r)]);
    const double weight = weights[static_cast<size_t>(r)];
    double entropy = 0.0;
    for (size_t i = 0; i < x.size(); ++i) {
      const double p = std::exp(x[i] - lse);
      if (p > 0.0) entropy -= p * (x[i] - lse);
      const double onehot = i == target ? 1.0 : 0.0;
      reference.gradient[static_cast<size_t>(r * logits.vocab) + i] =
          weight * (p - onehot + 2.0 * z_loss * lse * p) * Slope(transform, row[i]);
    }
    reference.logp.push_back(x[target] - lse);
    reference.lse.push_back(lse);
    reference.entropy.push_back(entropy);
  }
  return reference;
}

::testing::AssertionResult AllNear(const std::vector<double>& actual,
                                   const std::vector<double>& expected,
                                   double absolute,
                                   double relative) {
  if (actual.size() != expected.size())
    return ::testing::AssertionFailure() << actual.size() << " elements, not " << expected.size();
  size_t worst = 0;
  double worst_share = 0.0;  // of what is allowed
  for (size_t i = 0; i < actual.size(); ++i) {
    const double allowed = absolute + relative * std::abs(expected[i]);
    const double share = std::abs(actual[i] - expected[i]) / allowed;
    if (share > worst_share || std::isnan(share)) {
      worst = i;
      worst_share = std::isnan(share) ? std::numeric_limits<double>::infinity() : share;
    }
  }
  if (worst_share <= 1.0) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure()
         << "worst element " << worst << ": " << actual[worst] << ", expected " << expected[worst]
         << ", " << worst_share << " times what is allowed";
}

double RowTolerance(int64_t vocab, double largest_value) {
  constexpr double kUlp = 1.0 / (1 << 24);
  const double roundings = static_cast<double>(vocab) / 128.0 + 16.0;
  return kUlp * (roundings + 2.0 * 32.0 + 4.0 + 4.0 * largest_value);
}

}  // namespace restem::testing
