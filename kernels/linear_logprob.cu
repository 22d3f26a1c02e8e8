#include <algorithm>

#include "kernels/device.cuh"
#include "kernels/even_chunk.h"
#include "kernels/linear_logprob.h"

namespace restem::kernels::cuda {
namespace {

// Half of an H100's second-level cache holds a block of scores' logits.
constexpr int64_t kScoreColumns = 8192;
constexpr int64_t kScoreRows = 768;
// Products like rows and columns in multiples of a tile.
constexpr int64_t kTile = 128;
constexpr int64_t kAlignment = 256;  // bytes

LinearLogprobPlan Plan(int64_t rows, int64_t columns, Precision logits) {
  LinearLogprobPlan plan;
  plan.chunk_rows = rows;
  plan.chunk_columns = columns;
  plan.logits_stride = RoundedUp(columns, 16 / BytesOf(logits));
  plan.logits_bytes = RoundedUp(rows * plan.logits_stride * BytesOf(logits), kAlignment);
  plan.stats_bytes = RoundedUp(rows * static_cast<int64_t>(sizeof(RowStats)), kAlignment);
  return plan;
}

// One call's walk over its chunks.
class Walk {
 public:
  Walk(const LinearLogprobInput& input,
       const LinearLogprobPlan& plan,
       const Workspace& workspace,
       CudaStream stream)
      : input_(input), plan_(plan), stream_(stream) {
    auto* at = static_cast<unsigned char*>(workspace.data);
    logits_ = at;
    stats_ = reinterpret_cast<RowStats*>(at + plan.logits_bytes);
    const int64_t used = plan.logits_bytes + plan.stats_bytes;
    product_ = {at + used, workspace.bytes - used};
  }

  // Rows [first, first + count): everything that is known of them goes to `results`.
  CudaError score(int64_t first, int64_t count, const RowResults& results) const {
    const int64_t bytes = count * static_cast<int64_t>(sizeof(RowStats));
    if (const CudaError error = device::SetZero(stats_, bytes, stream_)) return error;
    for (int64_t column = 0; column < input_.vocab; column += plan_.chunk_columns) {
      const LogitsBlock block = {
          count, column, std::min(plan_.chunk_columns, input_.vocab - column), plan_.logits_stride};
      if (const CudaError error = make_logits(first, block, Precision::kFloat32)) return error;
      if (const CudaError error = AddToRowStats(block,
                                                input_.transform,
                                                Precision::kFloat32,
                                                logits_,
                                                input_.targets + first,
                                                stats_,
                                                stream_)) {
        return error;
      }
    }
    return FinishRowStats(stats_, count, From(results, first), stream_);
  }

  CudaError score_with_gradient(int64_t first,
                                int64_t count,
                                const RowResults& results,
                                const LinearLogprobGradient& gradient) const {
    const LogitsBlock block = {count, 0, input_.vocab, plan_.logits_stride};
    const NllLoss loss = {input_.targets + first, gradient.weights + first, gradient.z_loss};
    if (const CudaError error = make_logits(first, block, input_.precision)) return error;
    if (const CudaError error = SoftmaxLogprobWithGradient(block,
                                                           input_.transform,
                                                           input_.precision,
                                                           loss,
                                                           From(results, first),
                                                           logits_,
                                                           stats_,
                                                           stream_)) {
      return error;
    }
    return add_products(first, block, gradient);
  }

  // Without rows the weight's gradient is zero.
  CudaError clear(const LinearLogprobGradient& gradient) const {
    if (gradient.add_to_dweight) return nullptr;
    const int64_t bytes = input_.vocab * input_.width * static_cast<int64_t>(sizeof(float));
    return device::SetZero(gradient.dweight, bytes, stream_);
  }

 private:
  static RowResults From(const RowResults& results, int64_t row) {
    return {results.logp + row,
            results.lse + row,
            results.entropy == nullptr ? nullptr : results.entropy + row};
  }

  // Rows [first, first + count) of hidden or weight.
  Factor rows_of(const void* matrix, int64_t first, int64_t count) const {
    const int64_t offset = first * input_.width * BytesOf(input_.precision);
    return {{static_cast<const unsigned char*>(matrix) + offset,
             input_.precision,
             count,
             input_.width,
             input_.width}};
  }

  // logits [count, columns] = hidden · weight_rowsᵀ
  CudaError make_logits(int64_t first, const LogitsBlock& block, Precision precision) const {
    Factor columns = rows_of(input_.weight, block.first, block.count);
    columns.transposed = true;
    return Multiply(rows_of(input_.hidden, first, block.rows),
                    columns,
                    /*keep=*/0.0F,
                    {logits_, precision, block.rows, block.count, block.stride},
                    product_,
                    stream_);
  }

  // dhidden = dlogits · weight, dweight (+)= dlogitsᵀ · hidden
  CudaError add_products(int64_t first,
                         const LogitsBlock& block,
                         const LinearLogprobGradient& gradient) const {
    Factor dlogits = {{logits_, input_.precision, block.rows, block.count, block.stride}};
    const int64_t width = input_.width;
    if (const CudaError error = Multiply(
            dlogits,
            rows_of(input_.weight, 0, input_.vocab),
            /*keep=*/0.0F,
            {gradient.dhidden + first * width, Precision::kFloat32, block.rows, width, width},
            product_,
            stream_)) {
      return error;
    }
    dlogits.transposed = true;
    return Multiply(dlogits,
                    rows_of(input_.hidden, first, block.rows),
                    first > 0 || gradient.add_to_dweight ? 1.0F : 0.0F,
                    {gradient.dweight, Precision::kFloat32, input_.vocab, width, width},
                    product_,
                    stream_);
  }

  const LinearLogprobInput& input_;
  const LinearLogprobPlan& plan_;
  const CudaStream stream_;
  void* logits_;
  RowStats* stats_;
  Workspace product_;
};

// body(first row, rows) for each chunk, until one fails.
template <typename Body>
CudaError ForChunks(int64_t rows, int64_t chunk_rows, Body body) {
  for (int64_t first = 0; first < rows; first += chunk_rows) {
    if (const CudaError error = body(first, std::min(chunk_rows, rows - first))) return error;
  }
  return nullptr;
}

}  // namespace

LinearLogprobPlan PlanScores(const LinearLogprobInput& input) {
  return Plan(EvenChunk(input.rows, kScoreRows, kTile),
              EvenChunk(input.vocab, kScoreColumns, kTile),
              Precision::kFloat32);
}

LinearLogprobPlan PlanGradient(const LinearLogprobInput& input, int64_t budget_bytes) {
  const int64_t row_bytes =
      Plan(1, input.vocab, input.precision).logits_stride * BytesOf(input.precision);
  const int64_t most = std::max<int64_t>(1, budget_bytes / row_bytes);
  return Plan(EvenChunk(input.rows, most, kTile), input.vocab, input.precision);
}

CudaError LinearLogprob(const LinearLogprobInput& input,
                        const LinearLogprobPlan& plan,
                        const RowResults& results,
                        const Workspace& workspace,
                        CudaStream stream) {
  if (workspace.bytes < plan.workspace_bytes()) return "cudaErrorInvalidValue";
  const Walk walk(input, plan, workspace, stream);
  return ForChunks(input.rows, plan.chunk_rows, [&](int64_t first, int64_t count) {
    return walk.score(first, count, results);
  });
}

CudaError LinearLogprobWithGradient(const LinearLogprobInput& input,
                                    const LinearLogprobPlan& plan,
                                    const RowResults& results,
                                    const LinearLogprobGradient& gradient,
                                    const Workspace& workspace,
                                    CudaStream stream) {
  if (workspace.bytes < plan.workspace_bytes()) return "cudaErrorInvalidValue";
  const Walk walk(input, plan, workspace, stream);
  if (input.rows == 0) return walk.clear(gradient);
  return ForChunks(input.rows, plan.chunk_rows, [&](int64_t first, int64_t count) {
    return walk.score_with_gradient(first, count, results, gradient);
  });
}

}  // namespace restem::kernels::cuda
