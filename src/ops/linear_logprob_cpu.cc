#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "kernels/even_chunk.h"
#include "kernels/softmax_logprob.h"
#include "ops/linear.h"
#include "ops/linear_logprob_device.h"

namespace restem {
namespace {

// Rows at a time in the forward alone: 32 MiB of logits.
constexpr int64_t kForwardRows = 2048;
// Whole rows of logits that the forward with gradient holds, bytes.
constexpr int64_t kGradientBytes = int64_t{192} << 20;

// Rows of a chunk: as many as the budget holds, but chunks of about equal size.
int64_t GradientRows(int64_t rows, int64_t vocab, int64_t budget_bytes) {
  if (budget_bytes == 0) budget_bytes = kGradientBytes;
  const int64_t most = std::max<int64_t>(
      kMinProductRows, budget_bytes / (vocab * static_cast<int64_t>(sizeof(float))));
  return kernels::EvenChunk(rows, most);
}

// out (+)= a·b
void AddProduct(const at::Tensor& a, const at::Tensor& b, bool add, at::Tensor& out) {
  if (add) {
    out.addmm_(a, b);
  } else {
    at::mm_out(out, a, b);
  }
}

// body(begin, end) for shares of [0, rows) on the threads that the products run on: one in all
// commands, whose parallelism is over whole pieces of work.
template <typename Body>
void ForRowShares(int64_t rows, Body body) {
  const int64_t share = (rows + at::get_num_threads() - 1) / at::get_num_threads();
  at::parallel_for(0, rows, std::max<int64_t>(share, 1), body);
}

// One run of rows on its way through the op: its logits, its statistics, where its results go.
class RowChunk {
 public:
  // Rows [first, first + count) of the operands, `rounded` being their hidden states in the
  // weight's precision; `logits` [>= count, columns] is room for as many columns as are held at
  // once.
  RowChunk(const LogprobOperands& operands,
           const at::Tensor& rounded,
           int64_t first,
           int64_t count,
           const at::Tensor& logits)
      : hidden_(rounded.narrow(0, first, count)),
        logits_(logits.narrow(0, 0, count)),
        targets_(operands.targets.const_data_ptr<int32_t>() + first),
        transform_(operands.transform),
        first_(first),
        first_token_(operands.first_token),
        parts_(operands.parts),
        stats_(static_cast<size_t>(count)) {}

  // Columns [first, first + weight rows) of the logits, put at `column` of the room.
  void add_columns(const at::Tensor& weight_rows, int64_t first, int64_t column) {
    at::Tensor place = logits_.narrow(1, column, weight_rows.size(0));
    at::mm_out(place, hidden_, weight_rows.t());
    const auto* logits = place.const_data_ptr<float>();
    ForRowShares(hidden_.size(0), [&](int64_t begin, int64_t end) {
      kernels::AddToRowStats(block(end - begin, first, weight_rows.size(0)),
                             transform_,
                             logits + begin * logits_.stride(0),
                             targets_ + begin,
                             stats_.data() + begin);
    });
  }

  // All columns at once, as sampling takes them.
  void add_all_columns(const PackedMatrix& weight) {
    const int64_t vocab = weight.view().out;
    ForRowShares(hidden_.size(0), [&](int64_t begin, int64_t end) {
      float* logits = logits_.mutable_data_ptr<float>() + begin * logits_.stride(0);
      kernels::PackedProduct(weight.view(),
                             hidden_.const_data_ptr<float>() + begin * hidden_.size(1),
                             /*bias=*/nullptr,
                             end - begin,
                             {.first = 0, .count = vocab, .stride = logits_.stride(0)},
                             logits);
      kernels::AddToRowStats(block(end - begin, 0, vocab),
                             transform_,
                             logits,
                             targets_ + begin,
                             stats_.data() + begin);
    });
  }

  // After all of this rank's columns.
  void finish(LinearLogprobResult& scores) {
    if (parts_ != nullptr) merge_parts();
    kernels::FinishRowStats(stats_.data(),
                            hidden_.size(0),
                            {scores.logp.mutable_data_ptr<float>() + first_,
                             scores.lse.mutable_data_ptr<float>() + first_,
                             scores.entropy.mutable_data_ptr<float>() + first_});
  }

  // Turns the columns that lie at `first` of the room into the loss's gradient. From them sets
  // dhidden [rows, width], or from the second block on adds to it, and sets dweight_rows
  // [columns, width] or adds to it, if it is defined.
  void add_gradient(const at::Tensor& weight_rows,
                    int64_t first,
                    const NllLossOperands& loss,
                    const at::Tensor& lse,
                    at::Tensor& dhidden,
                    bool add_to_dweight,
                    at::Tensor& dweight_rows) {
    at::Tensor place = logits_.narrow(1, first, weight_rows.size(0));
    auto* logits = place.mutable_data_ptr<float>();
    ForRowShares(hidden_.size(0), [&](int64_t begin, int64_t end) {
      const kernels::NllLoss share = {targets_ + begin,
                                      loss.row_weights.const_data_ptr<float>() + first_ + begin,
                                      static_cast<float>(loss.z_loss)};
      kernels::SoftmaxLogprobGradient(block(end - begin, first, weight_rows.size(0)),
                                      transform_,
                                      share,
                                      lse.const_data_ptr<float>() + first_ + begin,
                                      logits + begin * logits_.stride(0));
    });
    AddProduct(place, weight_rows, /*add=*/first > 0, dhidden);
    if (dweight_rows.defined()) AddProduct(place.t(), hidden_, add_to_dweight, dweight_rows);
  }

 private:
  kernels::LogitsBlock block(int64_t rows, int64_t first, int64_t count) const {
    return {rows, first_token_ + first, count, logits_.stride(0)};
  }

  // Statistics of this rank's columns become those of all: a row's are four numbers of each rank.
  void merge_parts() {
    static_assert(sizeof(kernels::RowStats) == 4 * sizeof(float));
    const auto rows = static_cast<int64_t>(stats_.size());
    const at::Tensor own = at::from_blob(stats_.data(), {rows, 4}, logits_.options()).clone();
    const at::Tensor all = at::empty({parts_->size(), rows, 4}, logits_.options());
    parts_->gather(all, own);
    const auto* of_rank = static_cast<const kernels::RowStats*>(all.const_data_ptr());
    std::copy_n(of_rank, rows, stats_.begin());
    for (int64_t rank = 1; rank < parts_->size(); ++rank) {
      for (int64_t row = 0; row < rows; ++row) {
        kernels::RowStats& merged = stats_[static_cast<size_t>(row)];
        merged = kernels::Merged(merged, of_rank[rank * rows + row]);
      }
    }
  }

  const at::Tensor hidden_;
  at::Tensor logits_;
  const int32_t* targets_;
  const kernels::LogitTransform transform_;
  const int64_t first_;
  const int64_t first_token_;
  ModelParts* const parts_;
  std::vector<kernels::RowStats> stats_;
};

// Rows of logits as a whole, as many as the budget holds.
LinearLogprobResult ScoresOfPacked(const LogprobOperands& operands) {
  const int64_t rows = operands.hidden.size(0);
  const int64_t vocab = operands.weight.size(0);
  LinearLogprobResult scores = EmptyScores(rows, operands.hidden);
  const int64_t held =
      std::min(rows, GradientRows(rows, operands.most_rows(), operands.logits_bytes));
  const at::Tensor logits = at::empty({held, vocab}, operands.hidden.options());
  for (int64_t first = 0; first < rows; first += held) {
    RowChunk chunk(operands, operands.hidden, first, std::min(held, rows - first), logits);
    chunk.add_all_columns(*operands.packed);
    chunk.finish(scores);
  }
  return scores;
}

}  // namespace

// A block of the vocabulary at a time: its logits are still in the cache when the softmax reads
// them. The blocks are fixed, so that a row's result does not depend on the other rows.
LinearLogprobResult ScoresOnCpu(const LogprobOperands& operands) {
  if (operands.packed != nullptr) return ScoresOfPacked(operands);
  const at::Tensor& weight = operands.weight;
  const int64_t rows = operands.hidden.size(0);
  const int64_t vocab = weight.size(0);
  LinearLogprobResult scores = EmptyScores(rows, operands.hidden);
  const at::Tensor rounded = RoundedTo(operands.hidden, weight);
  const at::Tensor logits = at::empty({std::min(kForwardRows, rows), std::min(vocab, kWidenedRows)},
                                      operands.hidden.options());
  for (int64_t first = 0; first < rows; first += kForwardRows) {
    RowChunk chunk(operands, rounded, first, std::min(kForwardRows, rows - first), logits);
    ForWeightRows(vocab, [&](int64_t column, int64_t columns) {
      chunk.add_columns(WidenedRows(weight, column, columns), column, /*column=*/0);
    });
    chunk.finish(scores);
  }
  return scores;
}

// Whole rows of logits for as many rows as fit the budget; twice over the vocabulary, since a
// gradient needs the row's lse.
NllWithGradient NllOnCpu(const LogprobOperands& operands, const NllLossOperands& loss) {
  const at::Tensor& weight = operands.weight;
  const int64_t rows = operands.hidden.size(0);
  const int64_t vocab = weight.size(0);
  const auto float32 = operands.hidden.options();
  const bool adds = loss.dweight_sum.defined();
  NllWithGradient result = {EmptyScores(rows, operands.hidden),
                            at::empty(operands.hidden.sizes(), float32),
                            loss.dweight_sum};
  if (!adds && !loss.frozen)
    result.dweight =
        rows == 0 ? at::zeros(weight.sizes(), float32) : at::empty(weight.sizes(), float32);
  const at::Tensor rounded = RoundedTo(operands.hidden, weight);
  const int64_t held = GradientRows(rows, operands.most_rows(), operands.logits_bytes);
  const at::Tensor logits = at::empty({held, vocab}, float32);
  for (int64_t first = 0; first < rows; first += held) {
    const int64_t count = std::min(held, rows - first);
    RowChunk chunk(operands, rounded, first, count, logits);
    if (operands.packed != nullptr) {
      chunk.add_all_columns(*operands.packed);
    } else {
      ForWeightRows(vocab, [&](int64_t column, int64_t columns) {
        chunk.add_columns(WidenedRows(weight, column, columns), column, column);
      });
    }
    chunk.finish(result.scores);
    at::Tensor dhidden = result.dhidden.narrow(0, first, count);
    ForWeightRows(vocab, [&](int64_t column, int64_t columns) {
      at::Tensor dweight = loss.frozen ? at::Tensor() : result.dweight.narrow(0, column, columns);
      chunk.add_gradient(WidenedRows(weight, column, columns),
                         column,
                         loss,
                         result.scores.lse,
                         dhidden,
                         adds || first > 0,
                         dweight);
    });
  }
  return result;
}

}  // namespace restem
