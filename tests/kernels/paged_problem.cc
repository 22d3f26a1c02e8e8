#include "kernels/paged_problem.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <random>

#include "kernels/logits_reference.h"

namespace restem::testing {
namespace {

using kernels::kKeysPerPage;
using kernels::Precision;

// Of a CPU's pages: those of one layer lie between those of others.
constexpr int64_t kLayers = 2;
constexpr int64_t kLayer = 1;

// Numbers that the precision holds.
std::vector<double> Rounded(const std::vector<double>& values, Precision precision) {
  return Decoded(Encoded(values, precision), precision);
}

// |actual − expected| that roundings explain, given Σ p·|v|, (Σ p²v²)^½ and the keys.
//  float32: a score is a sum of head_dim products, of about 16 before it is scaled to about 2: its
//  rounding errors, 2^-24 of the sum each, come to √head_dim·2^-22 with a margin of five standard
//  deviations. Sums over keys have one rounding per key, which mostly cancel.
//  bfloat16: beside that, each weight is rounded by up to 2^-8 of it, at random: five standard
//  deviations of a uniform error; and so is the result.
double Allowed(Precision precision,
               const kernels::PagedAttentionShape& shape,
               double result,
               double of_values,
               double spread,
               int64_t keys) {
  const double roundings = std::sqrt(shape.head_dim) + std::sqrt(keys);
  const double sums = of_values * roundings * std::ldexp(1.0, -22);
  if (precision == Precision::kFloat32) return sums;
  const double half_ulp = std::ldexp(1.0, -8);
  return sums + half_ulp * (5.0 / std::sqrt(3.0) * spread + 1.01 * std::abs(result));
}

}  // namespace

size_t KeyElement(const kernels::PagedAttentionShape& shape,
                  int64_t page,
                  int64_t kv_head,
                  int64_t slot,
                  int64_t dim) {
  const int64_t keys = (page * shape.kv_heads + kv_head) * 2 * kKeysPerPage;
  return static_cast<size_t>((keys + slot) * shape.head_dim + dim);
}

size_t ValueElement(const kernels::PagedAttentionShape& shape,
                    int64_t page,
                    int64_t kv_head,
                    int64_t slot,
                    int64_t dim) {
  const int64_t values = ((page * shape.kv_heads + kv_head) * 2 + 1) * kKeysPerPage;
  return static_cast<size_t>((values + slot / 2 * 2) * shape.head_dim + dim * 2 + slot % 2);
}

PagedMemory::PagedMemory(const PagedProblem& problem,
                         const kernels::PagedAttentionShape& shape,
                         Precision precision,
                         bool partial_page_is_prompt)
    : problem_(problem), shape_(shape), precision_(precision) {
  fill_tables(partial_page_is_prompt);
  fill_pool();
}

void PagedMemory::fill_tables(bool partial_page_is_prompt) {
  for (const auto& sequence : problem_.sequences())
    table_stride_ = std::max<int64_t>(table_stride_, sequence.keys / kKeysPerPage + 1);
  int32_t next = 0;
  std::vector<std::vector<int32_t>> prompts;
  for (const auto& prompt : problem_.prompts()) {
    std::vector<int32_t> pages;
    if (prompt.begins_as >= 0) pages = prompts[static_cast<size_t>(prompt.begins_as)];
    while (static_cast<int64_t>(pages.size()) < prompt.keys / kKeysPerPage) pages.push_back(next++);
    prompts.push_back(pages);
  }
  for (const auto& sequence : problem_.sequences()) {
    std::vector<int32_t> pages = prompts[static_cast<size_t>(sequence.prompt)];
    const int32_t keys = problem_.prompts()[static_cast<size_t>(sequence.prompt)].keys;
    const bool broken = keys % kKeysPerPage != 0;
    prompt_pages_.push_back(static_cast<int32_t>(pages.size()) +
                            (broken && partial_page_is_prompt ? 1 : 0));
    while (static_cast<int64_t>(pages.size()) * kKeysPerPage < sequence.keys)
      pages.push_back(next++);
    pages.resize(static_cast<size_t>(table_stride_), -1);
    tables_.insert(tables_.end(), pages.begin(), pages.end());
  }
  pages_ = next + 2;  // some that nobody has
  std::vector<int32_t> order(static_cast<size_t>(pages_));
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), std::mt19937(1));
  unused_page_ = order.back();
  for (int32_t& page : tables_)
    if (page >= 0) page = order[static_cast<size_t>(page)];
}

void PagedMemory::fill_pool() {
  std::mt19937 engine(2);
  // Scores of a standard deviation of about 2: some keys weigh much, few weigh nothing.
  std::normal_distribution<double> normal(0.0, 1.4);
  std::uniform_real_distribution<double> uniform(-1.0, 1.0);
  queries_.resize(problem_.rows().size() * static_cast<size_t>(shape_.heads * shape_.head_dim));
  for (double& x : queries_) x = normal(engine);
  queries_ = Rounded(queries_, precision_);
  const int64_t size = pages_ * shape_.kv_heads * 2 * kKeysPerPage * shape_.head_dim;
  elements_.assign(static_cast<size_t>(size), NAN);
  for (size_t s = 0; s < problem_.sequences().size(); ++s) {
    const auto sequence = static_cast<int64_t>(s);
    for (int64_t position = 0; position < problem_.sequences()[s].keys; ++position) {
      for (int64_t head = 0; head < shape_.kv_heads; ++head) {
        for (int64_t dim = 0; dim < shape_.head_dim; ++dim) {
          elements_[key_at(sequence, position, head, dim)] = normal(engine);
          elements_[value_at(sequence, position, head, dim)] = uniform(engine);
        }
      }
    }
  }
  pool_ = Encoded(elements_, precision_);
  elements_ = Decoded(pool_, precision_);
}

int64_t PagedMemory::page_of(int64_t sequence, int64_t position) const {
  return tables_[static_cast<size_t>(sequence * table_stride_ + position / kKeysPerPage)];
}

size_t PagedMemory::key_at(int64_t sequence, int64_t position, int64_t kv_head, int64_t dim) const {
  return KeyElement(shape_, page_of(sequence, position), kv_head, position % kKeysPerPage, dim);
}

size_t PagedMemory::value_at(int64_t sequence,
                             int64_t position,
                             int64_t kv_head,
                             int64_t dim) const {
  return ValueElement(shape_, page_of(sequence, position), kv_head, position % kKeysPerPage, dim);
}

std::vector<size_t> PagedMemory::all_rows() const {
  std::vector<size_t> rows(problem_.rows().size());
  std::iota(rows.begin(), rows.end(), size_t{0});
  return rows;
}

std::vector<int32_t> PagedMemory::sequences(const std::vector<size_t>& rows) const {
  std::vector<int32_t> chosen;
  for (const size_t row : rows) chosen.push_back(problem_.rows()[row].sequence);
  return chosen;
}

std::vector<int32_t> PagedMemory::positions(const std::vector<size_t>& rows) const {
  std::vector<int32_t> chosen;
  for (const size_t row : rows) chosen.push_back(problem_.rows()[row].position);
  return chosen;
}

std::vector<unsigned char> PagedMemory::queries(const std::vector<size_t>& rows) const {
  const auto size = static_cast<std::ptrdiff_t>(shape_.heads * shape_.head_dim);
  std::vector<double> chosen;
  for (const size_t row : rows) {
    const auto from = queries_.begin() + static_cast<std::ptrdiff_t>(row) * size;
    chosen.insert(chosen.end(), from, from + size);
  }
  return Encoded(chosen, precision_);
}

void PagedMemory::store_on_cpu(int64_t sequence, const kernels::PagedKv& kv) const {
  const int32_t keys = problem_.sequences()[static_cast<size_t>(sequence)].keys;
  std::vector<float> k;
  std::vector<float> v;
  for (int64_t position = 0; position < keys; ++position) {
    for (int64_t head = 0; head < shape_.kv_heads; ++head) {
      for (int64_t dim = 0; dim < shape_.head_dim; ++dim) {
        k.push_back(static_cast<float>(elements_[key_at(sequence, position, head, dim)]));
        v.push_back(static_cast<float>(elements_[value_at(sequence, position, head, dim)]));
      }
    }
  }
  std::vector<int32_t> positions(static_cast<size_t>(keys));
  std::iota(positions.begin(), positions.end(), 0);
  const std::vector<int32_t> of(positions.size(), static_cast<int32_t>(sequence));
  kernels::StoreKeys(
      shape_, kv, {of, positions, tables_.data(), table_stride_}, kLayer, k.data(), v.data());
}

std::vector<unsigned char> PagedMemory::attend_on_cpu(const std::vector<size_t>& rows) const {
  std::vector<float> memory(
      static_cast<size_t>(pages_ * kLayers * kernels::PagedKv::layer_stride(shape_)));
  const kernels::PagedKv kv = {memory.data(), kLayers};
  for (size_t i = 0; i < problem_.sequences().size(); ++i)
    store_on_cpu(static_cast<int64_t>(i), kv);
  const auto of = sequences(rows);
  const auto at = positions(rows);
  std::vector<unsigned char> out = queries(rows);
  std::vector<float> q(out.size() / sizeof(float));
  std::memcpy(q.data(), out.data(), out.size());
  std::vector<float> attended(q.size(), NAN);
  kernels::PagedAttention(
      shape_, kv, {of, at, tables_.data(), table_stride_}, kLayer, q.data(), attended.data());
  std::memcpy(out.data(), attended.data(), out.size());
  return out;
}

std::vector<double> PagedMemory::errors(const std::vector<double>& out) const {
  std::vector<double> errors(out.size());
  const int64_t dim = shape_.head_dim;
  for (size_t row = 0; row < problem_.rows().size(); ++row) {
    for (int64_t head = 0; head < shape_.heads; ++head) {
      const auto at = static_cast<size_t>((static_cast<int64_t>(row) * shape_.heads + head) * dim);
      attend(row, head, out.data() + at, errors.data() + at);
    }
  }
  return errors;
}

void PagedMemory::attend(size_t row, int64_t head, const double* out, double* errors) const {
  const auto [sequence, position] = problem_.rows()[row];
  const int64_t keys = position + 1;
  const int64_t kv_head = head / (shape_.heads / shape_.kv_heads);
  const double* query =
      queries_.data() + (static_cast<int64_t>(row) * shape_.heads + head) * shape_.head_dim;
  std::vector<double> weights(static_cast<size_t>(keys));
  for (int64_t key = 0; key < keys; ++key)
    for (int64_t dim = 0; dim < shape_.head_dim; ++dim)
      weights[static_cast<size_t>(key)] +=
          double{shape_.scale} * query[dim] * elements_[key_at(sequence, key, kv_head, dim)];
  if (shape_.soft_cap > 0.0F) {
    for (double& weight : weights) weight = shape_.soft_cap * std::tanh(weight / shape_.soft_cap);
  }
  const int64_t hidden = shape_.window == 0 ? 0 : std::max<int64_t>(0, keys - shape_.window);
  std::fill(weights.begin(), weights.begin() + hidden, -INFINITY);
  const double max = keys == 0 ? 0.0 : *std::max_element(weights.begin(), weights.end());
  for (double& weight : weights) weight = std::exp(weight - max);
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (int64_t dim = 0; dim < shape_.head_dim; ++dim) {
    double result = 0.0;
    double of_values = 0.0;
    double squares = 0.0;
    for (int64_t key = 0; key < keys; ++key) {
      const double term = weights[static_cast<size_t>(key)] / total *
                          elements_[value_at(sequence, key, kv_head, dim)];
      result += term;
      of_values += std::abs(term);
      squares += term * term;
    }
    // Without keys the result is zero exactly; that is no division of zero by zero.
    const double allowed =
        keys == 0 ? 1e-30
                  : Allowed(precision_, shape_, result, of_values, std::sqrt(squares), keys);
    errors[dim] = (out[dim] - result) / allowed;
  }
}

}  // namespace restem::testing
