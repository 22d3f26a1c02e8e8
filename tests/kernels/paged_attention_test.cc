// Attention over shared pages against float64, and its bits alone against its bits in a batch; on
// the CPU, and on a GPU or on the host executor.
#include "kernels/paged_attention.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <ostream>
#include <random>

#include "kernels/device_array.h"
#include "kernels/logits_reference.h"
#include "kernels/paged_batches.h"
#include "kernels/paged_problem.h"
#include "kernels/sample_on_device.h"

namespace restem::testing {
namespace {

using kernels::Precision;
namespace cuda = kernels::cuda;

struct Case {
  Way way;
  kernels::PagedAttentionShape shape;
  Precision precision;
  bool partial_page_is_prompt;  // where a prompt ends within a page
};

std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << (c.way == Way::kCpu ? "CPU, " : "CUDA, ") << c.shape.heads << "/"
             << c.shape.kv_heads << " heads of " << c.shape.head_dim << ", cap " << c.shape.soft_cap
             << ", window " << c.shape.window
             << (c.precision == Precision::kFloat32 ? ", float32" : ", bfloat16")
             << (c.partial_page_is_prompt ? ", prompts to the last page"
                                          : ", prompts of whole pages");
}

std::vector<PagedProblem> Problems(Way way) {
  if (kFewShapes) return {ManySamples(3)};
  std::vector<PagedProblem> problems = {
      SampleBatch(), MixedBatch(/*rows_that_are_none=*/way == Way::kCuda), ManySamples(10)};
  if (kLargeShapes) problems.push_back(ManySamples(40));
  return problems;
}

// Chosen rows of a problem on the device.
class DeviceBatch {
 public:
  DeviceBatch(const PagedMemory& memory, const std::vector<size_t>& rows, int64_t max_keys)
      : memory_(memory),
        max_keys_(max_keys),
        rows_(static_cast<int64_t>(rows.size())),
        pool_(memory.pool()),
        q_(memory.queries(rows)),
        sequences_(memory.sequences(rows)),
        positions_(memory.positions(rows)),
        prompt_pages_(memory.prompt_pages()),
        room_(static_cast<size_t>(
            cuda::PagedAttentionWorkspaceBytes(memory.shape(), rows_, max_keys))),
        out_(q_.bytes()) {}

  kernels::CudaError plan(const std::vector<int32_t>& tables) {
    DeviceArray<int32_t> on_device(tables);
    return cuda::PlanPagedAttention(memory_.shape(), batch(on_device), workspace(), nullptr);
  }

  // Bytes of the rows' output.
  std::vector<unsigned char> attend(const std::vector<int32_t>& tables) {
    DeviceArray<int32_t> on_device(tables);
    EXPECT_STREQ(cuda::PagedAttention(memory_.shape(),
                                      {memory_.precision(), pool_.data()},
                                      batch(on_device),
                                      q_.data(),
                                      workspace(),
                                      out_.data(),
                                      nullptr),
                 nullptr);
    return out_.host();
  }

 private:
  cuda::PagedBatch batch(DeviceArray<int32_t>& tables) {
    return {rows_,
            sequences_.data(),
            positions_.data(),
            tables.data(),
            memory_.table_stride(),
            prompt_pages_.data(),
            max_keys_};
  }
  cuda::Workspace workspace() { return {room_.data(), static_cast<int64_t>(room_.bytes())}; }

  const PagedMemory& memory_;
  const int64_t max_keys_;
  const int64_t rows_;
  DeviceArray<unsigned char> pool_, q_;
  DeviceArray<int32_t> sequences_, positions_, prompt_pages_;
  DeviceArray<unsigned char> room_, out_;
};

std::vector<unsigned char> Attend(Way way,
                                  const PagedMemory& memory,
                                  const std::vector<size_t>& rows,
                                  int64_t max_keys) {
  if (way == Way::kCpu) return memory.attend_on_cpu(rows);
  DeviceBatch batch(memory, rows, max_keys);
  EXPECT_STREQ(batch.plan(memory.tables()), nullptr);
  return batch.attend(memory.tables());
}

void ExpectRight(const PagedMemory& memory, const std::vector<unsigned char>& out) {
  const auto errors = memory.errors(Decoded(out, memory.precision()));
  EXPECT_TRUE(AllNear(errors, std::vector<double>(errors.size()), 1.0, 0.0));
}

void ExpectSameBitsAlone(Way way, const PagedMemory& memory) {
  auto rows = memory.all_rows();
  const auto together = Attend(way, memory, rows, memory.keys());
  const size_t size = together.size() / rows.size();
  const auto part = [size](const std::vector<unsigned char>& bytes, size_t row) {
    const auto from = bytes.begin() + static_cast<std::ptrdiff_t>(row * size);
    return std::vector<unsigned char>(from, from + static_cast<std::ptrdiff_t>(size));
  };
  for (size_t row = 0; row < rows.size(); row += 3)
    EXPECT_TRUE(Attend(way, memory, {row}, memory.keys() + 300) == part(together, row))
        << "row " << row << " by itself";
  std::shuffle(rows.begin(), rows.end(), std::mt19937(5));
  const auto shuffled = Attend(way, memory, rows, memory.keys());
  for (size_t i = 0; i < rows.size(); ++i)
    EXPECT_TRUE(part(shuffled, i) == part(together, rows[i])) << "row " << rows[i] << " elsewhere";
}

class PagedAttentionTest : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (GetParam().way == Way::kCuda && !HasDevice()) GTEST_SKIP() << "no CUDA device";
  }

  static PagedMemory memory_of(const PagedProblem& problem) {
    return {problem, GetParam().shape, GetParam().precision, GetParam().partial_page_is_prompt};
  }
};

TEST_P(PagedAttentionTest, MatchesFloat64) {
  for (const PagedProblem& problem : Problems(GetParam().way)) {
    const PagedMemory memory = memory_of(problem);
    ExpectRight(memory, Attend(GetParam().way, memory, memory.all_rows(), memory.keys()));
  }
}

TEST_P(PagedAttentionTest, ARowsBitsDoNotDependOnTheBatch) {
  for (const PagedProblem& problem : Problems(GetParam().way))
    ExpectSameBitsAlone(GetParam().way, memory_of(problem));
}

// With the plan made, nobody looks up shared pages but through the first of the rows.
TEST_P(PagedAttentionTest, PagesInCommonAreReadForAllRowsAtOnce) {
  if (GetParam().way == Way::kCpu) GTEST_SKIP() << "no plan is made on a CPU";
  const int64_t group = GetParam().shape.heads / GetParam().shape.kv_heads;
  PagedProblem problem;
  const int32_t prompt = problem.add_prompt(17 * 16);  // more than one split
  const int samples = group > 4 ? 2 : 4;
  for (int32_t i = 0; i < samples; ++i)
    problem.add_row(problem.add_sequence(prompt, 1 + i), 17 * 16 + i);
  const PagedMemory memory = memory_of(problem);
  DeviceBatch batch(memory, memory.all_rows(), memory.keys());
  EXPECT_STREQ(batch.plan(memory.tables()), nullptr);
  auto tables = memory.tables();
  for (int64_t sequence = 1; sequence < samples; ++sequence)
    for (int64_t page = 0; page < 17; ++page)
      tables[static_cast<size_t>(sequence * memory.table_stride() + page)] = memory.unused_page();
  ExpectRight(memory, batch.attend(tables));
}

// Prompt and completion each fill one split and begin another: that many fit the workspace.
TEST_P(PagedAttentionTest, TheMostSplitsThatKeysCanHave) {
  constexpr int32_t kKeys = 17 * 16;
  PagedProblem problem;
  problem.add_row(problem.add_sequence(problem.add_prompt(kKeys), kKeys), 2 * kKeys - 1);
  const PagedMemory memory = memory_of(problem);
  ExpectRight(memory, Attend(GetParam().way, memory, {0}, 2 * kKeys));
}

// Such a row has no result rather than a wrong one.
TEST_P(PagedAttentionTest, ARowWithMoreKeysThanTheBatchSaysIsNaN) {
  if (GetParam().way == Way::kCpu) GTEST_SKIP() << "a CPU asks for no bound";
  PagedProblem problem;
  const int32_t prompt = problem.add_prompt(20);
  problem.add_row(problem.add_sequence(prompt, 2), 21);
  problem.add_row(problem.add_sequence(prompt, 300), 319);
  const PagedMemory memory = memory_of(problem);
  const auto out =
      Decoded(Attend(GetParam().way, memory, memory.all_rows(), 30), memory.precision());
  const size_t size = out.size() / 2;
  for (size_t i = 0; i < size; ++i) {
    EXPECT_TRUE(std::isfinite(out[i]));
    EXPECT_TRUE(std::isnan(out[size + i]));
  }
}

std::vector<Case> Cases() {
  std::vector<Case> cases;
  const auto shape_of = [](int64_t heads, int64_t kv_heads, int64_t head_dim) {
    return kernels::PagedAttentionShape{
        heads, kv_heads, head_dim, static_cast<float>(1.0 / std::sqrt(head_dim))};
  };
  const auto add = [&](int64_t heads, int64_t kv_heads, int64_t head_dim, bool partial) {
    const auto shape = shape_of(heads, kv_heads, head_dim);
    cases.push_back({Way::kCuda, shape, Precision::kBfloat16, partial});
    cases.push_back({Way::kCuda, shape, Precision::kFloat32, !partial});
    cases.push_back({Way::kCpu, shape, Precision::kFloat32, partial});
  };
  for (const auto& [heads, kv_heads, head_dim] :
       {std::array<int64_t, 3>{1, 1, 16}, {4, 4, 24}, {8, 4, 8}, {14, 2, 64}, {5, 1, 12}}) {
    cases.push_back({Way::kCpu,
                     shape_of(heads, kv_heads, head_dim),
                     Precision::kFloat32,
                     /*partial_page_is_prompt=*/false});
  }
  for (const auto& [soft_cap, window] :
       {std::pair<float, int64_t>{1.5F, 0}, {0.0F, 1}, {0.0F, 16}, {2.0F, 21}}) {
    kernels::PagedAttentionShape shape = shape_of(4, 2, 16);
    shape.soft_cap = soft_cap;
    shape.window = window;
    cases.push_back({Way::kCpu, shape, Precision::kFloat32, /*partial_page_is_prompt=*/false});
  }
  add(7, 1, 64, true);
  if (kFewShapes) return cases;
  add(6, 3, 80, true);
  if (!kLargeShapes) return cases;
  add(2, 2, 32, false);
  add(8, 1, 64, false);
  add(14, 2, 64, true);
  add(4, 1, 128, false);
  add(7, 1, 128, true);
  add(5, 1, 256, false);
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Shapes, PagedAttentionTest, ::testing::ValuesIn(Cases()));

TEST(PagedAttention, RefusesWhatItCannotDo) {
  const auto plan = [](int64_t heads, int64_t kv_heads, int64_t head_dim, int64_t bytes) {
    return cuda::PlanPagedAttention(
        {heads, kv_heads, head_dim, 1.0F}, {1, {}, {}, {}, 0, {}, 32}, {nullptr, bytes}, nullptr);
  };
  constexpr int64_t kPlenty = 1 << 20;
  EXPECT_STREQ(plan(9, 1, 64, kPlenty), "cudaErrorNotSupported");
  EXPECT_STREQ(plan(3, 2, 64, kPlenty), "cudaErrorNotSupported");
  EXPECT_STREQ(plan(4, 2, 60, kPlenty), "cudaErrorNotSupported");
  EXPECT_STREQ(plan(4, 2, 264, kPlenty), "cudaErrorNotSupported");
  EXPECT_STREQ(plan(4, 2, 64, 100), "cudaErrorInvalidValue");
  EXPECT_STREQ(cuda::PagedAttention({4, 2, 64, 1.0F},
                                    {},
                                    {},
                                    reinterpret_cast<const void*>(uintptr_t{8}),
                                    {},
                                    nullptr,
                                    nullptr),
               "cudaErrorMisalignedAddress");
}

TEST(PagedAttention, WithoutRowsNothingHappens) {
  if (!HasDevice()) GTEST_SKIP() << "no CUDA device";
  const kernels::PagedAttentionShape shape = {4, 2, 64, 1.0F};
  EXPECT_STREQ(cuda::PlanPagedAttention(shape, {}, {}, nullptr), nullptr);
  EXPECT_STREQ(cuda::PagedAttention(shape, {}, {}, nullptr, {}, nullptr, nullptr), nullptr);
}

}  // namespace
}  // namespace restem::testing
