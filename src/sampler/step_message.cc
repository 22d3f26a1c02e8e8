#include "sampler/step_message.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <array>
#include <vector>

namespace restem {
namespace {

// Rows, live ones, elements of the tables, and their stride; no rows: no more steps.
using Header = std::array<int64_t, 4>;

// In memory of its own: where it fails, it may still be under way.
template <typename Numbers>
void Broadcast(ModelParts& parts, at::ScalarType type, Numbers& numbers) {
  using Number = typename Numbers::value_type;
  const at::Tensor sent = at::empty({std::ssize(numbers)}, type);
  std::ranges::copy(numbers, sent.mutable_data_ptr<Number>());
  parts.broadcast(sent);
  std::copy_n(sent.const_data_ptr<Number>(), numbers.size(), numbers.begin());
}

void Broadcast(ModelParts& parts, Header& header) { Broadcast(parts, at::kLong, header); }
void Broadcast(ModelParts& parts, std::vector<int32_t>& numbers) {
  Broadcast(parts, at::kInt, numbers);
}

}  // namespace

void SendStep(ModelParts& parts, const StepRows& rows) {
  Header header = {
      std::ssize(rows.tokens), std::ssize(rows.live), std::ssize(rows.tables), rows.table_stride};
  Broadcast(parts, header);
  std::vector<int32_t> numbers;
  for (const auto* of_rows : {&rows.tokens, &rows.sequences, &rows.positions, &rows.tables})
    numbers.insert(numbers.end(), of_rows->begin(), of_rows->end());
  for (const int64_t row : rows.live) numbers.push_back(static_cast<int32_t>(row));
  Broadcast(parts, numbers);
}

void SendNoMoreSteps(ModelParts& parts) {
  Header header = {};
  Broadcast(parts, header);
}

std::optional<StepRows> ReceiveStep(ModelParts& parts) {
  Header header = {};
  Broadcast(parts, header);
  const auto [count, live, tables, stride] = header;
  if (count == 0) return std::nullopt;
  std::vector<int32_t> numbers(static_cast<size_t>(3 * count + tables + live));
  Broadcast(parts, numbers);
  auto next = numbers.cbegin();
  const auto take = [&](int64_t size, auto& into) {
    into.assign(next, next + size);
    next += size;
  };
  StepRows rows;
  rows.table_stride = stride;
  take(count, rows.tokens);
  take(count, rows.sequences);
  take(count, rows.positions);
  take(tables, rows.tables);
  take(live, rows.live);
  return rows;
}

}  // namespace restem
