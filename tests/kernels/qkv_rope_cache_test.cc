// Biases, rotary embedding and the way into the pages against float64; on a GPU or on the host
// executor.
#include "kernels/qkv_rope_cache.h"

#include <gtest/gtest.h>

#include <cmath>
#include <ostream>
#include <random>

#include "kernels/device_array.h"
#include "kernels/logits_reference.h"
#include "kernels/paged_problem.h"

namespace restem::testing {
namespace {

using kernels::Precision;
namespace cuda = kernels::cuda;

struct Case {
  kernels::PagedAttentionShape shape;
  Precision precision;
  bool biased;
};

std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << c.shape.heads << "/" << c.shape.kv_heads << " heads of " << c.shape.head_dim
             << (c.precision == Precision::kFloat32 ? ", float32" : ", bfloat16")
             << (c.biased ? ", biased" : "");
}

constexpr int64_t kPages = 7;
constexpr int64_t kTableStride = 3;
constexpr int64_t kMaxPositions = 40;
// Rows of a chunk over the end of a page, single rows, and rows that are none.
const std::vector<int32_t> kSequences = {0, 0, 0, 1, 1, 2, 0};
const std::vector<int32_t> kPositions = {14, 15, 16, -1, 39, 0, -1};
const std::vector<int32_t> kTables = {6, 2, -1, 1, 3, 0, 4, -1, -1};

std::vector<double> Normal(int64_t size, uint32_t seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<double> normal;
  std::vector<double> values(static_cast<size_t>(size));
  for (double& value : values) value = normal(engine);
  return values;
}

class QkvRopeCacheTest : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (!HasDevice()) GTEST_SKIP() << "no CUDA device";
    const auto& shape = GetParam().shape;
    const int64_t width = (shape.heads + 2 * shape.kv_heads) * shape.head_dim;
    const auto rows = static_cast<int64_t>(kPositions.size());
    qkv_ = Encoded(Normal(rows * width, 1), GetParam().precision);
    x_ = Decoded(qkv_, GetParam().precision);
    for (const double value : Normal(width, 2)) bias_.push_back(static_cast<float>(value));
    for (int64_t position = 0; position < kMaxPositions; ++position) {
      for (int64_t i = 0; i < shape.head_dim / 2; ++i) {
        const double angle = static_cast<double>(position) / (1.0 + static_cast<double>(i));
        cosines_.push_back(static_cast<float>(std::cos(angle)));
        sines_.push_back(static_cast<float>(std::sin(angle)));
      }
    }
    run();
  }

  void run() {
    const auto& [shape, precision, biased] = GetParam();
    const auto rows = static_cast<int64_t>(kPositions.size());
    DeviceArray<unsigned char> qkv(qkv_);
    DeviceArray<float> bias(bias_);
    DeviceArray<float> cosines(cosines_);
    DeviceArray<float> sines(sines_);
    DeviceArray<int32_t> sequences(kSequences);
    DeviceArray<int32_t> positions(kPositions);
    DeviceArray<int32_t> tables(kTables);
    const size_t page = static_cast<size_t>(shape.kv_heads * 2 * kernels::kKeysPerPage *
                                            shape.head_dim * kernels::BytesOf(precision));
    DeviceArray<unsigned char> pool(std::vector<unsigned char>(kPages * page, 0xFF));
    DeviceArray<unsigned char> q(std::vector<unsigned char>(
        static_cast<size_t>(rows * shape.heads * shape.head_dim * kernels::BytesOf(precision)),
        0xFF));
    EXPECT_STREQ(cuda::QkvRopeCache(
                     shape,
                     {rows,
                      sequences.data(),
                      positions.data(),
                      tables.data(),
                      kTableStride,
                      /*prompt_pages=*/nullptr,
                      /*max_keys=*/0},
                     {qkv.data(), biased ? bias.data() : nullptr, cosines.data(), sines.data()},
                     {precision, pool.data()},
                     q.data(),
                     /*stream=*/nullptr),
                 nullptr);
    q_ = Decoded(q.host(), precision);
    pool_ = Decoded(pool.host(), precision);
  }

  // Of a row's queries, then keys, then values, with the bias, keys and queries turned.
  double expected(size_t row, int64_t head, int64_t dim) const {
    const auto& shape = GetParam().shape;
    const int64_t half = shape.head_dim / 2;
    const auto biased = [&](int64_t d) {
      const int64_t column = head * shape.head_dim + d;
      const int64_t width = (shape.heads + 2 * shape.kv_heads) * shape.head_dim;
      const double bias = bias_[static_cast<size_t>(column)];
      return x_[row * static_cast<size_t>(width) + static_cast<size_t>(column)] +
             (GetParam().biased ? bias : 0.0);
    };
    if (head >= shape.heads + shape.kv_heads) return biased(dim);
    const auto angle = static_cast<size_t>(kPositions[row] * half + dim % half);
    const double cosine = cosines_[angle];
    const double sine = sines_[angle];
    return dim < half ? biased(dim) * cosine - biased(dim + half) * sine
                      : biased(dim) * cosine + biased(dim - half) * sine;
  }

  // Two sums, two products and their sum, all below 8, are rounded by 2^-22 each; bfloat16 rounds
  // once more.
  void expect_near(double actual, double wanted, const std::string& what) const {
    const double half_ulp =
        GetParam().precision == Precision::kFloat32 ? 0.0 : std::ldexp(std::abs(wanted), -8);
    EXPECT_NEAR(actual, wanted, half_ulp + std::ldexp(5.0, -22)) << what;
  }

  std::vector<unsigned char> qkv_;
  std::vector<double> x_, q_, pool_;
  std::vector<float> bias_, cosines_, sines_;
};

TEST_P(QkvRopeCacheTest, QueriesAreTurned) {
  const auto& shape = GetParam().shape;
  size_t at = 0;
  for (size_t row = 0; row < kPositions.size(); ++row) {
    for (int64_t head = 0; head < shape.heads; ++head) {
      for (int64_t dim = 0; dim < shape.head_dim; ++dim, ++at) {
        if (kPositions[row] < 0) {
          EXPECT_TRUE(std::isnan(q_[at])) << "written for a row that is none";
          continue;
        }
        expect_near(q_[at], expected(row, head, dim), "query " + std::to_string(row));
      }
    }
  }
}

TEST_P(QkvRopeCacheTest, KeysAndValuesAreInTheirSlotsAndNowhereElse) {
  const auto& shape = GetParam().shape;
  for (size_t row = 0; row < kPositions.size(); ++row) {
    const int64_t position = kPositions[row];
    if (position < 0) continue;
    const int64_t page = kTables[static_cast<size_t>(kSequences[row] * kTableStride +
                                                     position / kernels::kKeysPerPage)];
    const int64_t slot = position % kernels::kKeysPerPage;
    for (int64_t head = 0; head < shape.kv_heads; ++head) {
      for (int64_t dim = 0; dim < shape.head_dim; ++dim) {
        double& key = pool_[KeyElement(shape, page, head, slot, dim)];
        double& value = pool_[ValueElement(shape, page, head, slot, dim)];
        expect_near(key, expected(row, shape.heads + head, dim), "key " + std::to_string(row));
        expect_near(value,
                    expected(row, shape.heads + shape.kv_heads + head, dim),
                    "value " + std::to_string(row));
        key = value = NAN;
      }
    }
  }
  for (size_t i = 0; i < pool_.size(); ++i) EXPECT_TRUE(std::isnan(pool_[i])) << "element " << i;
}

std::vector<Case> Cases() {
  std::vector<Case> cases;
  for (const Precision precision : {Precision::kFloat32, Precision::kBfloat16}) {
    cases.push_back({{3, 1, 8, 1.0F}, precision, true});
    if (kFewShapes) continue;
    cases.push_back({{4, 2, 64, 1.0F}, precision, false});
    cases.push_back({{14, 2, 40, 1.0F}, precision, true});
    cases.push_back({{2, 2, 128, 1.0F}, precision, true});
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Shapes, QkvRopeCacheTest, ::testing::ValuesIn(Cases()));

TEST(QkvRopeCache, RefusesWhatItCannotDo) {
  const auto error = [](int64_t head_dim, uintptr_t qkv) {
    return cuda::QkvRopeCache({2, 1, head_dim, 1.0F},
                              {},
                              {reinterpret_cast<const void*>(qkv), nullptr, nullptr, nullptr},
                              {},
                              nullptr,
                              nullptr);
  };
  EXPECT_STREQ(error(20, 0), "cudaErrorNotSupported");
  EXPECT_STREQ(error(64, 8), "cudaErrorMisalignedAddress");
  EXPECT_STREQ(error(64, 16), nullptr);  // no rows
}

}  // namespace
}  // namespace restem::testing
