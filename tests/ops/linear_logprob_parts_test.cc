// Log-probs over a vocabulary that ranks share, by LibTorch's operators, against the whole one's.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <barrier>
#include <thread>

#include "ops/linear_logprob_device.h"
#include "support/require_gpu.h"
#include "support/tensor_compare.h"

namespace restem {
namespace {

using testing::Near;

// Ranks that are threads; what each gives lies side by side.
struct Board {
  explicit Board(int64_t size) : barrier(size), given(static_cast<size_t>(size)) {}
  std::barrier<> barrier;
  std::vector<at::Tensor> given;
};

class ThreadParts : public ModelParts {
 public:
  ThreadParts(Board& board, int64_t rank) : board_(board), rank_(rank) {}
  int64_t rank() const override { return rank_; }
  int64_t size() const override { return static_cast<int64_t>(board_.given.size()); }
  void sum(const at::Tensor&) override { FAIL() << "not asked for"; }
  void broadcast(const at::Tensor&) override { FAIL() << "not asked for"; }
  void gather(const at::Tensor& whole, const at::Tensor& part) override {
    board_.given[static_cast<size_t>(rank_)] = part;
    board_.barrier.arrive_and_wait();
    whole.copy_(at::stack(board_.given));
    board_.barrier.arrive_and_wait();
  }

 private:
  Board& board_;
  const int64_t rank_;
};

struct Case {
  at::DeviceType device;
  double soft_cap;
  double temperature;
  double z_loss;
  int64_t logits_bytes;
  at::ScalarType type = at::kFloat;
};

class LogprobPartsTest : public ::testing::TestWithParam<Case> {
 protected:
  static constexpr int64_t kRows = 13;
  static constexpr int64_t kVocab = 70;

  void SetUp() override {
    if (GetParam().device == at::kCUDA && !testing::FoundOrNotRequired(at::hasCUDA()))
      GTEST_SKIP() << "no CUDA device, or no CUDA build";
    at::manual_seed(5);
    whole_.hidden = at::randn({kRows, 24}).to(GetParam().type).to(at::kFloat);
    whole_.weight = at::randn({kVocab, 24}).to(GetParam().type);
    whole_.targets = at::randint(kVocab, {kRows}, at::kInt);
    whole_.transform = {static_cast<float>(GetParam().soft_cap),
                        static_cast<float>(1.0 / GetParam().temperature)};
    loss_ = {at::rand({kRows}), GetParam().z_loss};
  }

  LogprobOperands whole_;
  NllLossOperands loss_;
};

// Shares of different sizes, as parts of a vocabulary are.
TEST_P(LogprobPartsTest, AllRanksTogetherAreTheWhole) {
  // What is there already is added to.
  NllLossOperands with_sum = loss_;
  with_sum.dweight_sum = at::ones({kVocab, 24});
  const NllWithGradient expected = NllOnCpu(whole_, with_sum);
  const std::vector<int64_t> begins = {0, 30, 60, kVocab};
  const auto ranks = static_cast<int64_t>(begins.size()) - 1;
  Board board(ranks);
  std::vector<NllWithGradient> results(static_cast<size_t>(ranks));
  std::vector<LinearLogprobResult> scores(static_cast<size_t>(ranks));
  std::vector<std::thread> threads;
  for (int64_t rank = 0; rank < ranks; ++rank) {
    threads.emplace_back([&, rank] {
      const auto at = static_cast<size_t>(rank);
      ThreadParts parts(board, rank);
      LogprobOperands own = whole_;
      own.hidden = own.hidden.to(GetParam().device);
      own.targets = own.targets.to(GetParam().device);
      own.weight = own.weight.narrow(0, begins[at], begins[at + 1] - begins[at])
                       .to(GetParam().device)
                       .contiguous();
      own.parts = &parts;
      own.first_token = begins[at];
      own.vocabulary = kVocab;
      own.logits_bytes = GetParam().logits_bytes;
      results[at] = NllInParts(own,
                               {loss_.row_weights.to(GetParam().device),
                                loss_.z_loss,
                                at::ones(own.weight.sizes(), own.hidden.options())});
      scores[at] = ScoresInParts(own);
    });
  }
  for (std::thread& thread : threads) thread.join();
  // Some float32 roundings of logits of up to 20; of bfloat16, on a CPU logits are rounded, too.
  const double tolerance = GetParam().type == at::kFloat ? 1e-5 : 5e-2;
  at::Tensor dhidden = at::zeros_like(whole_.hidden);
  std::vector<at::Tensor> dweights;
  for (size_t rank = 0; rank < results.size(); ++rank) {
    const NllWithGradient& result = results[rank];
    for (const LinearLogprobResult& had : {result.scores, scores[rank]}) {
      EXPECT_TRUE(Near(had.logp.cpu(), expected.scores.logp, tolerance));
      EXPECT_TRUE(Near(had.lse.cpu(), expected.scores.lse, tolerance));
      EXPECT_TRUE(Near(had.entropy.cpu(), expected.scores.entropy, tolerance));
    }
    dhidden.add_(result.dhidden.cpu());
    dweights.push_back(result.dweight.cpu());
  }
  EXPECT_TRUE(Near(dhidden, expected.dhidden, tolerance));
  EXPECT_TRUE(Near(at::cat(dweights), expected.dweight, tolerance));
}

INSTANTIATE_TEST_SUITE_P(Cases,
                         LogprobPartsTest,
                         ::testing::Values(Case{at::kCPU, 0.0, 1.0, 0.0, 0},
                                           Case{at::kCPU, 4.0, 0.7, 0.01, 0},
                                           Case{at::kCPU, 0.0, 1.0, 0.1, 1},  // 8 rows at a time
                                           Case{at::kCPU, 0.0, 1.0, 0.1, 0, at::kBFloat16},
                                           Case{at::kCUDA, 4.0, 0.7, 0.01, 0},
                                           Case{at::kCUDA, 0.0, 1.0, 0.1, 0, at::kBFloat16}));

}  // namespace
}  // namespace restem
