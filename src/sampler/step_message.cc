#include "sampler/step_message.h"

#include <array>
#include <vector>

#include "sampler/broadcast_numbers.h"

namespace restem {
namespace {

// Rows, live ones, elements of the tables, and their stride; no rows: no more steps.
using Header = std::array<int64_t, 4>;

}  // namespace

void SendStep(ModelParts& parts, const StepRows& rows) {
  Header header = {
      std::ssize(rows.tokens), std::ssize(rows.live), std::ssize(rows.tables), rows.table_stride};
  BroadcastNumbers(parts, header);
  std::vector<int32_t> numbers;
  for (const auto* of_rows : {&rows.tokens, &rows.sequences, &rows.positions, &rows.tables})
    numbers.insert(numbers.end(), of_rows->begin(), of_rows->end());
  for (const int64_t row : rows.live) numbers.push_back(static_cast<int32_t>(row));
  BroadcastNumbers(parts, numbers);
}

void SendNoMoreSteps(ModelParts& parts) {
  Header header = {};
  BroadcastNumbers(parts, header);
}

std::optional<StepRows> ReceiveStep(ModelParts& parts) {
  Header header = {};
  BroadcastNumbers(parts, header);
  const auto [count, live, tables, stride] = header;
  if (count == 0) return std::nullopt;
  std::vector<int32_t> numbers(static_cast<size_t>(3 * count + tables + live));
  BroadcastNumbers(parts, numbers);
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
