#include "model/experts.h"

#include <ATen/ops/add.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/div.h>
#include <ATen/ops/gather.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/sort.h>
#include <ATen/ops/topk.h>

#include <algorithm>
#include <span>
#include <tuple>

#include "ops/gather_rows.h"
#include "ops/glu.h"
#include "ops/linear.h"
#include "ops/to_tensor.h"

namespace restem {
namespace {

// The experts that each row has chosen, in ascending order, and their weights.
struct Choice {
  at::Tensor experts;  // [rows, per_token] int64
  at::Tensor weights;  // [rows, per_token] float32
};

Choice Choose(const ExpertsConfig& config, const Matrix& router, const at::Tensor& x) {
  const at::Tensor shares = at::softmax(Linear(x, router, {}).to(at::kFloat), /*dim=*/-1);
  const at::Tensor top = std::get<1>(at::topk(shares.detach(), config.per_token, /*dim=*/-1));
  Choice choice;
  choice.experts = std::get<0>(at::sort(top, /*dim=*/-1));
  choice.weights = at::gather(shares, /*dim=*/-1, choice.experts);
  if (!config.normalize) return choice;
  at::Tensor sum = choice.weights.narrow(1, 0, 1);
  for (int64_t k = 1; k < config.per_token; ++k) sum = at::add(sum, choice.weights.narrow(1, k, 1));
  choice.weights = at::div(choice.weights, sum);
  return choice;
}

// The rows that each expert computes, expert after expert, and where each row's results are.
struct Assignment {
  std::vector<int64_t> rows;
  std::vector<int64_t> begins;  // [experts + 1]
  std::vector<int64_t> places;  // [rows, per_token] in `rows`
};

Assignment Assign(const ExpertsConfig& config, const at::Tensor& chosen) {
  const at::Tensor on_host = chosen.cpu();
  const std::span<const int64_t> experts(on_host.const_data_ptr<int64_t>(),
                                         static_cast<size_t>(on_host.numel()));
  std::vector<int64_t> counts(static_cast<size_t>(config.count));
  for (const int64_t expert : experts) ++counts[static_cast<size_t>(expert)];
  Assignment assignment;
  assignment.begins.push_back(0);
  for (const int64_t count : counts) {
    // Few rows are filled up with row 0: see kMinProductRows.
    const int64_t padded = count == 0 ? 0 : std::max(count, kMinProductRows);
    assignment.begins.push_back(assignment.begins.back() + padded);
  }
  assignment.rows.resize(static_cast<size_t>(assignment.begins.back()));
  std::vector<int64_t> next(assignment.begins.begin(), assignment.begins.end() - 1);
  for (size_t i = 0; i < experts.size(); ++i) {
    const int64_t place = next[static_cast<size_t>(experts[i])]++;
    assignment.rows[static_cast<size_t>(place)] = static_cast<int64_t>(i) / config.per_token;
    assignment.places.push_back(place);
  }
  return assignment;
}

}  // namespace

at::Tensor MixtureOfExperts(const ModelConfig& config,
                            const LayerWeights& layer,
                            const at::Tensor& x) {
  if (x.size(0) == 0) return x;
  const Choice choice = Choose(config.experts, layer.router, x);
  const Assignment assignment = Assign(config.experts, choice.experts);
  const auto index = [&](const std::vector<int64_t>& rows) {
    return ToTensor(std::span(rows), 0, x.device());
  };
  const at::Tensor inputs = GatherRows(OperandOf(x, layer.router), index(assignment.rows));
  std::vector<at::Tensor> outputs;
  for (size_t i = 0; i < layer.experts.size(); ++i) {
    const int64_t begin = assignment.begins[i];
    const int64_t count = assignment.begins[i + 1] - begin;
    if (count > 0)
      outputs.push_back(Mlp(config.activation, layer.experts[i], inputs.narrow(0, begin, count)));
  }
  const int64_t per_token = config.experts.per_token;
  const at::Tensor results = GatherRows(at::cat(outputs), index(assignment.places))
                                 .view({x.size(0), per_token, x.size(1)});
  at::Tensor sum;
  for (int64_t k = 0; k < per_token; ++k) {
    const at::Tensor term = at::mul(results.select(1, k), choice.weights.narrow(1, k, 1));
    sum = k == 0 ? term : at::add(sum, term);
  }
  return sum;
}

at::Tensor Mlp(kernels::Activation activation,
               const MlpWeights& mlp,
               const at::Tensor& given,
               const ModelParts* parts) {
  const at::Tensor x = OperandOf(given, mlp.up);
  const at::Tensor up = Linear(x, mlp.up, mlp.up_bias);
  const bool gated = mlp.gate.dense.defined() || mlp.gate.packed != nullptr;
  const at::Tensor active =
      gated ? Glu(activation, Linear(x, mlp.gate, mlp.gate_bias), up) : Glu(activation, up);
  return Linear(active, mlp.down, AddedOnce(parts, mlp.down_bias));
}

at::Tensor AddedOnce(const ModelParts* parts, const at::Tensor& bias) {
  return parts == nullptr || parts->rank() == 0 ? bias : at::Tensor();
}

}  // namespace restem
