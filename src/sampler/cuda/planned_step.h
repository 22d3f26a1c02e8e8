// One step of the GPU's engine as the scheduler plans it: samples that draw their next token, and
// pieces of sequences whose keys are missing.
#pragma once

#include <span>
#include <vector>

#include "sampler/cuda/step_input.h"

namespace restem::cuda {

// Where a sequence's keys lie.
struct SequencePages {
  std::span<const int32_t> pages;
  int64_t prompt_pages = 0;  // leading ones that hold nothing but the prompt
};

struct DrawingRow {
  int32_t slot = 0;
  int32_t given = -1;    // the newest token; −1: the GPU has it in the slot
  int64_t position = 0;  // of the newest token
  kernels::PhiloxStream stream = {};
  uint64_t counter = 0;  // of the token that is drawn
};

class PlannedStep {
 public:
  void clear();
  // The pages must hold the rows' positions until the step is launched.
  void draw(const SequencePages& sequence, const DrawingRow& row);
  void feed(const SequencePages& sequence, std::span<const int32_t> tokens, int64_t first_position);

  int64_t drawing() const { return static_cast<int64_t>(draws_.size()); }
  int64_t feeding() const { return static_cast<int64_t>(fed_.size()); }
  int64_t sequences() const { return static_cast<int64_t>(sequences_.size()); }
  StepShape shape() const;  // that just holds it

  // `shape` is at least as large as this step's.
  void write(const StepShape& shape, const StepInput& to) const;

 private:
  struct FedRow {
    int32_t token;
    int32_t position;
    int32_t sequence;
  };

  std::vector<DrawingRow> draws_;
  std::vector<int32_t> draw_sequences_;  // [draws]
  std::vector<FedRow> fed_;
  std::vector<SequencePages> sequences_;
};

}  // namespace restem::cuda
