// The whole op on raw pointers against float64: chunks of rows, blocks of the vocabulary, odd
// shapes; on a GPU, or on the host executor and a stand-in for cuBLASLt.
#include "kernels/linear_logprob.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <ostream>
#include <random>

#include "kernels/device_array.h"
#include "kernels/logits_reference.h"

namespace restem::testing {
namespace {

using kernels::Precision;
namespace cuda = kernels::cuda;

struct Case {
  int64_t rows;
  int64_t width;
  int64_t vocab;
  Precision precision;
  int64_t budget_bytes;  // of logits, with gradient
  kernels::LogitTransform transform;
  float z_loss = 0.0F;
};

std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << "[" << c.rows << ", " << c.width << "] x " << c.vocab << ", "
             << (c.precision == Precision::kFloat32 ? "float32" : "bfloat16") << ", "
             << c.budget_bytes << " bytes";
}

std::vector<double> RandomMatrix(int64_t size, Precision precision, double scale, uint32_t seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<double> normal(0.0, scale);
  std::vector<double> values(static_cast<size_t>(size));
  for (double& value : values) value = normal(engine);
  return Decoded(Encoded(values, precision), precision);
}

// [rows, columns] = a [rows, inner] · b, b being [columns, inner] or, `b_transposed`, [inner,
// columns].
std::vector<double> Product(const std::vector<double>& a,
                            const std::vector<double>& b,
                            int64_t rows,
                            int64_t columns,
                            int64_t inner,
                            bool b_transposed) {
  std::vector<double> out(static_cast<size_t>(rows * columns));
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < columns; ++c) {
      double sum = 0.0;
      for (int64_t k = 0; k < inner; ++k) {
        const int64_t of_b = b_transposed ? k * columns + c : c * inner + k;
        sum += a[static_cast<size_t>(r * inner + k)] * b[static_cast<size_t>(of_b)];
      }
      out[static_cast<size_t>(r * columns + c)] = sum;
    }
  }
  return out;
}

std::vector<double> Transposed(const std::vector<double>& a, int64_t rows, int64_t columns) {
  std::vector<double> out(a.size());
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c)
      out[static_cast<size_t>(c * rows + r)] = a[static_cast<size_t>(r * columns + c)];
  return out;
}

class CudaLinearLogprobTest : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (!HasDevice()) GTEST_SKIP() << "no CUDA device";
    const Case& c = GetParam();
    hidden_ = RandomMatrix(c.rows * c.width, c.precision, 1.0, 1);
    weight_ = RandomMatrix(c.vocab * c.width, c.precision, 1.0, 2);
    for (int64_t r = 0; r < c.rows; ++r) {
      targets_.push_back(static_cast<int32_t>(r * 7919 % c.vocab));
      weights_.push_back(r % 5 == 3 ? 0.0F : 0.1F * static_cast<float>(r % 7));
    }
    LogitsMatrix logits = {c.rows, c.vocab, c.vocab, Precision::kFloat32, {}, {}};
    logits.values = Product(hidden_, weight_, c.rows, c.vocab, c.width, false);
    expected_ = ReferenceOf(logits, c.transform, targets_, weights_, c.z_loss);
    for (const double value : logits.values) largest_ = std::max(largest_, std::abs(value));
  }

  // Calls run(input, results) with everything on the device; -> logp, lse, entropy.
  template <typename Body>
  std::vector<std::vector<double>> with_device(Body run) {
    const Case& c = GetParam();
    DeviceArray<unsigned char> hidden(Encoded(hidden_, c.precision));
    DeviceArray<unsigned char> weight(Encoded(weight_, c.precision));
    DeviceArray<int32_t> targets(targets_);
    const auto rows = static_cast<size_t>(c.rows);
    DeviceArray<float> logp(rows);
    DeviceArray<float> lse(rows);
    DeviceArray<float> entropy(rows);
    run(cuda::LinearLogprobInput{c.precision,
                                 c.rows,
                                 c.width,
                                 c.vocab,
                                 hidden.data(),
                                 weight.data(),
                                 targets.data(),
                                 c.transform},
        kernels::RowResults{logp.data(), lse.data(), entropy.data()});
    const auto wide = [](const std::vector<float>& x) {
      return std::vector<double>(x.begin(), x.end());
    };
    return {wide(logp.host()), wide(lse.host()), wide(entropy.host())};
  }

  // Of a logit: the product's roundings, and in a gradient's bfloat16 logits one more of 2^-9.
  double logit_error(bool rounded_logits) const {
    const Case& c = GetParam();
    const double product = std::sqrt(static_cast<double>(c.width)) * 4.0 / (1 << 24) * largest_;
    const bool narrow = rounded_logits && c.precision == Precision::kBfloat16;
    return product + (narrow ? largest_ / 256.0 : 0.0);
  }

  void expect_rows(const std::vector<std::vector<double>>& actual, double logit_error) const {
    const double tolerance = RowTolerance(GetParam().vocab, largest_) + 2.0 * logit_error;
    EXPECT_TRUE(AllNear(actual[0], expected_.logp, tolerance, 0.0));
    EXPECT_TRUE(AllNear(actual[1], expected_.lse, tolerance, 0.0));
    EXPECT_TRUE(AllNear(actual[2], expected_.entropy, 16.0 * tolerance, 0.0));
  }

  std::vector<double> hidden_, weight_;
  std::vector<int32_t> targets_;
  std::vector<float> weights_;
  Reference expected_;
  double largest_ = 1.0;
};

TEST_P(CudaLinearLogprobTest, ScoresMatchFloat64) {
  const auto rows = with_device([](const auto& input, const auto& results) {
    const auto plan = cuda::PlanScores(input);
    DeviceArray<unsigned char> room(static_cast<size_t>(plan.workspace_bytes()));
    EXPECT_STREQ(
        cuda::LinearLogprob(input, plan, results, {room.data(), plan.workspace_bytes()}, nullptr),
        nullptr);
    EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  });
  expect_rows(rows, logit_error(/*rounded_logits=*/false));
}

// Once set and once added to what is there.
TEST_P(CudaLinearLogprobTest, GradientMatchesFloat64) {
  const Case& c = GetParam();
  const bool add = c.rows % 2 == 0;
  std::vector<float> dhidden;
  std::vector<float> dweight;
  const auto rows = with_device([&](const auto& input, const auto& results) {
    const auto plan = cuda::PlanGradient(input, c.budget_bytes);
    DeviceArray<unsigned char> room(static_cast<size_t>(plan.workspace_bytes()));
    DeviceArray<float> weights(weights_);
    DeviceArray<float> to_hidden(hidden_.size());
    DeviceArray<float> to_weight(add ? std::vector<float>(weight_.size(), 1.0F)
                                     : std::vector<float>(weight_.size(), NAN));
    EXPECT_STREQ(cuda::LinearLogprobWithGradient(
                     input,
                     plan,
                     results,
                     {weights.data(), c.z_loss, to_hidden.data(), to_weight.data(), add},
                     {room.data(), plan.workspace_bytes()},
                     nullptr),
                 nullptr);
    dhidden = to_hidden.host();
    dweight = to_weight.host();
  });
  const double error = logit_error(/*rounded_logits=*/true);
  expect_rows(rows, error);
  const auto wide = [](const std::vector<float>& x) {
    return std::vector<double>(x.begin(), x.end());
  };
  // Every term w·p·weight is off by p's error, 2·error, and by its own rounding.
  const double share = 4.0 * error + (c.precision == Precision::kBfloat16 ? 1.0 / 128.0 : 1e-5);
  const auto to_hidden = Product(expected_.gradient, weight_, c.rows, c.width, c.vocab, true);
  EXPECT_TRUE(AllNear(wide(dhidden), to_hidden, share * 8.0, share));
  const auto dlogits = Transposed(expected_.gradient, c.rows, c.vocab);
  auto to_weight = Product(dlogits, hidden_, c.vocab, c.width, c.rows, true);
  for (double& value : to_weight) value += add ? 1.0 : 0.0;
  EXPECT_TRUE(AllNear(wide(dweight), to_weight, share * 8.0, share));
}

std::vector<Case> Cases() {
  std::vector<Case> cases = {{1, 1, 1, Precision::kFloat32, 1 << 20, {}},
                             {1, 8, 5, Precision::kBfloat16, 1 << 20, {}},
                             {5, 7, 37, Precision::kFloat32, 1, {}}};  // a row at a time
  if (kFewShapes) return cases;
  cases.push_back({13, 7, 37, Precision::kBfloat16, 1, {}});
  cases.push_back({300, 5, 61, Precision::kFloat32, 128 * 64 * 4, {}, 1e-3F});  // three chunks
  cases.push_back({300, 5, 61, Precision::kBfloat16, 140 * 64 * 2, {}});
  cases.push_back({64, 16, 250, Precision::kFloat32, 1 << 20, {20.0F, 1.0F}});
  cases.push_back({64, 16, 250, Precision::kFloat32, 1 << 20, {0.0F, 1.25F}, 1e-2F});
  cases.push_back({3, 2, 8200, Precision::kFloat32, 1 << 20, {}});  // two blocks of scores
  if (!kLargeShapes) return cases;
  cases.push_back({800, 2, 11, Precision::kFloat32, 1 << 20, {}});  // two chunks of scores
  cases.push_back({3, 2, 20011, Precision::kBfloat16, 1 << 20, {}});
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Shapes, CudaLinearLogprobTest, ::testing::ValuesIn(Cases()));

TEST(CudaLinearLogprob, WithoutRowsTheGradientIsZero) {
  if (!HasDevice()) GTEST_SKIP() << "no CUDA device";
  const cuda::LinearLogprobInput input = {
      Precision::kFloat32, 0, 4, 6, nullptr, nullptr, nullptr, {}};
  const auto plan = cuda::PlanGradient(input, 1 << 20);
  DeviceArray<unsigned char> room(static_cast<size_t>(plan.workspace_bytes()));
  DeviceArray<float> dweight(std::vector<float>(24, 1.0F));
  EXPECT_STREQ(cuda::LinearLogprobWithGradient(input,
                                               plan,
                                               {},
                                               {nullptr, 0.0F, nullptr, dweight.data()},
                                               {room.data(), plan.workspace_bytes()},
                                               nullptr),
               nullptr);
  EXPECT_EQ(dweight.host(), std::vector<float>(24, 0.0F));
}

TEST(CudaLinearLogprob, PlansKeepWithinTheBudget) {
  const auto plan = [](int64_t rows, int64_t vocab, int64_t budget) {
    return cuda::PlanGradient(
        {Precision::kBfloat16, rows, 64, vocab, nullptr, nullptr, nullptr, {}}, budget);
  };
  const int64_t budget = int64_t{2} << 30;
  EXPECT_EQ(plan(4096, 128256, budget).chunk_rows, 4096);  // one chunk
  EXPECT_EQ(plan(16384, 128256, budget).chunk_rows, 8192);
  for (const int64_t rows : {1, 127, 4097, 30000}) {
    const auto p = plan(rows, 152064, budget);
    EXPECT_LE(p.logits_bytes, budget) << rows;
    EXPECT_LE(p.chunk_rows, rows);
    EXPECT_GE(p.logits_stride, 152064);
  }
  EXPECT_EQ(plan(10, 152064, 1).chunk_rows, 1);
}

TEST(CudaLinearLogprob, AWorkspaceThatIsTooSmallIsRefused) {
  const cuda::LinearLogprobInput input = {
      Precision::kFloat32, 4, 4, 6, nullptr, nullptr, nullptr, {}};
  EXPECT_STREQ(cuda::LinearLogprob(input, cuda::PlanScores(input), {}, {nullptr, 16}, nullptr),
               "cudaErrorInvalidValue");
}

}  // namespace
}  // namespace restem::testing
