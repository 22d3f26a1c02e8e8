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

class Step {
 public:
  explicit Step(const Model& model, const CpuKvPages& pool) : model_(model), pool_(pool) {}

  void clear();
  // The next `tokens`, at least one, of a sequence whose keys are reserved. If `live`, the logits
  // behind the last of them are wanted.
  void add(const KvSequence& sequence, std::span<const int32_t> tokens, bool live);

  int64_t rows() const { return static_cast<int64_t>(tokens_.size()); }

  // Stores the keys of all rows. Logits of the live rows in the order of their adding.
  at::Tensor run();  // [live, vocab] float32

 private:
  // Rows as attention sees them; in the last layer only the live ones ask.
  struct Rows {
    std::vector<int32_t> sequences;
    std::vector<int32_t> positions;
  };

  AttentionFn attention();
  kernels::PagedRows paged(const Rows& rows) const;

  const Model& model_;
  const CpuKvPages& pool_;
  std::vector<int32_t> tokens_;  // [rows]
  Rows rows_;
  Rows live_rows_;
  std::vector<int64_t> live_;                        // rows
  std::vector<std::span<const int32_t>> sequences_;  // pages of each
  std::vector<int32_t> tables_;                      // [sequences, table_stride_]
  int64_t table_stride_ = 0;
};

}  // namespace restem
