#include "sampler/cuda/planned_step.h"

#include <algorithm>

namespace restem::cuda {

void PlannedStep::clear() {
  draws_.clear();
  draw_sequences_.clear();
  fed_.clear();
  sequences_.clear();
}

void PlannedStep::draw(const SequencePages& sequence, const DrawingRow& row) {
  draws_.push_back(row);
  draw_sequences_.push_back(static_cast<int32_t>(sequences_.size()));
  sequences_.push_back(sequence);
}

void PlannedStep::feed(const SequencePages& sequence,
                       std::span<const int32_t> tokens,
                       int64_t first_position) {
  auto position = static_cast<int32_t>(first_position);
  for (const int32_t token : tokens)
    fed_.push_back({token, position++, static_cast<int32_t>(sequences_.size())});
  sequences_.push_back(sequence);
}

StepShape PlannedStep::shape() const {
  int64_t last = 0;
  for (const DrawingRow& row : draws_) last = std::max(last, row.position);
  for (const FedRow& row : fed_) last = std::max<int64_t>(last, row.position);
  return {drawing(), feeding(), last + 1};
}

void PlannedStep::write(const StepShape& shape, const StepInput& to) const {
  const int64_t rows = shape.rows();
  for (int32_t* array : {to.given, to.slots}) std::fill_n(array, rows, -1);
  for (int32_t* array : {to.positions, to.sequences}) std::fill_n(array, rows, 0);
  std::fill_n(to.streams, shape.drawing, kernels::PhiloxStream{});
  std::fill_n(to.counters, shape.drawing, 0);
  for (size_t i = 0; i < draws_.size(); ++i) {
    const DrawingRow& row = draws_[i];
    to.streams[i] = row.stream;
    to.counters[i] = row.counter;
    to.given[i] = row.given;
    to.slots[i] = row.slot;
    to.positions[i] = static_cast<int32_t>(row.position);
    to.sequences[i] = draw_sequences_[i];
  }
  int64_t at = shape.drawing;
  for (const FedRow& row : fed_) {
    to.given[at] = row.token;
    to.positions[at] = row.position;
    to.sequences[at] = row.sequence;
    ++at;
  }
  for (size_t i = 0; i < sequences_.size(); ++i) {
    // Pages behind the step's last position may be reserved already.
    const auto pages = sequences_[i].pages.first(
        std::min(sequences_[i].pages.size(), static_cast<size_t>(to.table_stride)));
    to.prompt_pages[i] = static_cast<int32_t>(sequences_[i].prompt_pages);
    std::copy(pages.begin(), pages.end(), to.tables + static_cast<int64_t>(i) * to.table_stride);
  }
}

}  // namespace restem::cuda
