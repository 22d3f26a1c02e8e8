// A vocabulary that is cut among ranks, where LibTorch's operators compute it: on GPUs. A CPU has
// it in linear_logprob_cpu.cc.
#include <ATen/ops/add.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/gather.h>
#include <ATen/ops/log.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/sub.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "kernels/even_chunk.h"
#include "ops/linear_logprob_device.h"

namespace restem {
namespace {

constexpr int64_t kLogitsBytes = int64_t{2} << 30;  // of a chunk, by default
constexpr int64_t kMatrices = 6;  // as large as the logits, that are there at a time

// In float32, unrounded where the device has such a product.
at::Tensor Product(const at::Tensor& a, const at::Tensor& b) {
  const bool widens = a.is_cuda() && a.scalar_type() == at::kBFloat16;
  return widens ? at::mm(a, b, at::kFloat) : at::mm(a, b).to(at::kFloat);
}

// One run of rows: this rank's logits of them, and what all ranks' come to.
class RowChunk {
 public:
  RowChunk(const LogprobOperands& operands, const at::Tensor& hidden, int64_t first, int64_t count)
      : operands_(operands),
        hidden_(hidden.narrow(0, first, count)),
        logits_(transformed(Product(hidden_, operands.weight.t()))),
        max_(at::amax(logits_, /*dim=*/1)),
        exponentials_(at::exp(at::sub(logits_, max_.unsqueeze(1)))) {
    const at::Tensor own = at::sub(operands.targets.narrow(0, first, count), operands.first_token);
    column_ = at::clamp(own, 0, logits_.size(1) - 1).to(at::kLong).unsqueeze(1);
    is_here_ = own.eq(column_.squeeze(1)).to(at::kFloat);
  }

  // Of each row four numbers from each rank: maximum, sum of exponentials, that of exponentials
  // times logits, and the target's logit.
  LinearLogprobResult scores() const {
    const at::Tensor own =
        at::stack({max_,
                   exponentials_.sum(1),
                   at::mul(exponentials_, logits_).sum(1),
                   at::mul(at::gather(logits_, /*dim=*/1, column_).squeeze(1), is_here_)});
    const at::Tensor all =
        at::empty({operands_.parts->size(), own.size(0), own.size(1)}, own.options());
    operands_.parts->gather(all, own);
    const at::Tensor max = at::amax(all.select(1, 0), /*dim=*/0);
    const at::Tensor scales = at::exp(at::sub(all.select(1, 0), max));
    const at::Tensor sum = at::mul(all.select(1, 1), scales).sum(0);
    const at::Tensor weighted = at::mul(all.select(1, 2), scales).sum(0);
    const at::Tensor lse = at::add(max, at::log(sum));
    return {at::sub(all.select(1, 3).sum(0), lse), lse, at::sub(lse, weighted.div(sum))};
  }

  // d loss / d logit: factor·softmax − weight·onehot, through the transform.
  at::Tensor gradient(const at::Tensor& lse, const at::Tensor& row_weights, double z_loss) const {
    const at::Tensor factor = at::mul(row_weights, at::add(at::mul(lse, 2.0 * z_loss), 1.0));
    const at::Tensor scale = at::mul(at::exp(at::sub(max_, lse)), factor);
    at::Tensor d = at::mul(exponentials_, scale.unsqueeze(1));
    d.scatter_add_(1, column_, at::mul(row_weights, is_here_).neg().unsqueeze(1));
    const kernels::LogitTransform& transform = operands_.transform;
    if (transform.soft_cap > 0.0F) {
      const at::Tensor tanh =
          logits_.div(double{transform.inverse_temperature} * double{transform.soft_cap});
      d.mul_(tanh.square().neg_().add_(1.0));
    }
    return d.mul_(transform.inverse_temperature);
  }

  const at::Tensor& hidden() const { return hidden_; }

 private:
  at::Tensor transformed(const at::Tensor& logits) const {
    const kernels::LogitTransform& transform = operands_.transform;
    const double cap = transform.soft_cap;
    const at::Tensor capped = cap > 0.0 ? at::mul(at::tanh(logits.div(cap)), cap) : logits;
    return at::mul(capped, transform.inverse_temperature);
  }

  const LogprobOperands& operands_;
  const at::Tensor hidden_;  // [count, width]
  const at::Tensor logits_;  // [count, own columns], transformed
  const at::Tensor max_;     // [count]
  const at::Tensor exponentials_;
  at::Tensor column_;   // [count, 1] of the target, or the nearest that is here
  at::Tensor is_here_;  // [count] 1 where it is the target's
};

void Put(const LinearLogprobResult& of_chunk, int64_t first, LinearLogprobResult& scores) {
  const auto put = [first](const at::Tensor& some, at::Tensor& all) {
    all.narrow(0, first, some.size(0)).copy_(some);
  };
  put(of_chunk.logp, scores.logp);
  put(of_chunk.lse, scores.lse);
  put(of_chunk.entropy, scores.entropy);
}

// All ranks have the same chunks.
int64_t ChunkRows(const LogprobOperands& operands) {
  const int64_t budget = operands.logits_bytes == 0 ? kLogitsBytes : operands.logits_bytes;
  const int64_t of_row = kMatrices * operands.most_rows() * static_cast<int64_t>(sizeof(float));
  return kernels::EvenChunk(operands.hidden.size(0), std::max<int64_t>(8, budget / of_row));
}

}  // namespace

LinearLogprobResult ScoresInParts(const LogprobOperands& operands) {
  const at::Tensor hidden = operands.hidden.to(operands.weight.scalar_type());
  LinearLogprobResult scores = EmptyScores(hidden.size(0), hidden);
  const int64_t held = ChunkRows(operands);
  for (int64_t first = 0; first < hidden.size(0); first += held) {
    const RowChunk chunk(operands, hidden, first, std::min(held, hidden.size(0) - first));
    Put(chunk.scores(), first, scores);
  }
  return scores;
}

NllWithGradient NllInParts(const LogprobOperands& operands, const NllLossOperands& loss) {
  const at::Tensor& weight = operands.weight;
  const at::Tensor hidden = operands.hidden.to(weight.scalar_type());
  const auto float32 = hidden.options().dtype(at::kFloat);
  NllWithGradient result = {
      EmptyScores(hidden.size(0), hidden), at::empty(hidden.sizes(), float32), loss.dweight_sum};
  if (!result.dweight.defined() && !loss.frozen)
    result.dweight = at::zeros(weight.sizes(), float32);
  const int64_t held = ChunkRows(operands);
  for (int64_t first = 0; first < hidden.size(0); first += held) {
    const int64_t count = std::min(held, hidden.size(0) - first);
    const RowChunk chunk(operands, hidden, first, count);
    const LinearLogprobResult scores = chunk.scores();
    Put(scores, first, result.scores);
    const at::Tensor dlogits =
        chunk.gradient(scores.lse, loss.row_weights.narrow(0, first, count), loss.z_loss)
            .to(weight.scalar_type());
    result.dhidden.narrow(0, first, count).copy_(Product(dlogits, weight));
    if (!loss.frozen) result.dweight.add_(Product(dlogits.t(), chunk.hidden()));
  }
  return result;
}

}  // namespace restem
