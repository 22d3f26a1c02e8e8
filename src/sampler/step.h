// One forward pass of a lane: rows of prompts that are being computed and the newest token of each
// running sample, side by side.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

#include "model/decoder.h"
#include "model/kv_cache.h"

namespace restem {

// The rows of a pass, with the pages that their sequences' keys are in: all that a rank needs that
// computes a part of it.
struct StepRows {
  std::vector<int32_t> tokens;     // [rows]
  std::vector<int32_t> sequences;  // [rows] each in [0, sequences)
  std::vector<int32_t> positions;  // [rows]
  std::vector<int64_t> live;       // rows whose logits are wanted, ascending
  std::vector<int32_t> tables;     // [sequences, table_stride] pages
  int64_t table_stride = 0;
};

// Stores the keys of all rows. Of a part of a model, all ranks call it with the same rows.
at::Tensor RunStep(const Model& model,
                   const CpuKvPages& pool,
                   const StepRows& rows);  // returns logits [live, vocab] float32

class Step {
 public:
  Step(const Model& model, const CpuKvPages& pool) : model_(model), pool_(pool) {}

  void clear();
  // The next `tokens`, at least one, of a sequence whose keys are reserved. If `live`, the logits
  // behind the last of them are wanted.
  void add(const KvSequence& sequence, std::span<const int32_t> tokens, bool live);

  int64_t rows() const { return static_cast<int64_t>(rows_.tokens.size()); }

  // RunStep of what was added; live rows in the order of their adding. Ranks with other parts of
  // the model hear of it first.
  at::Tensor run();

 private:
  const Model& model_;
  const CpuKvPages& pool_;
  StepRows rows_;
  std::vector<std::span<const int32_t>> sequences_;  // pages of each
};

}  // namespace restem
