// Sequences that share pages, their keys and values in the GPU's page layout and in the CPU's, and
// attention over them in float64.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/paged_attention.h"

namespace restem::testing {

// Which rows are asked, of which sequences.
class PagedProblem {
 public:
  struct Prompt {
    int32_t keys;
    int32_t begins_as;  // prompt that this one begins with, -1 for none
  };
  struct Sequence {
    int32_t prompt;
    int32_t keys;  // the prompt's and its own
  };
  struct Row {
    int32_t sequence;
    int32_t position;  // -1: not a row
  };

  int32_t add_prompt(int32_t keys, int32_t begins_as = -1) {
    prompts_.push_back({keys, begins_as});
    return static_cast<int32_t>(prompts_.size()) - 1;
  }
  // A sequence with `own` keys behind its prompt.
  int32_t add_sequence(int32_t prompt, int32_t own) {
    sequences_.push_back({prompt, prompts_[static_cast<size_t>(prompt)].keys + own});
    return static_cast<int32_t>(sequences_.size()) - 1;
  }
  void add_row(int32_t sequence, int32_t position) { rows_.push_back({sequence, position}); }

  const std::vector<Prompt>& prompts() const { return prompts_; }
  const std::vector<Sequence>& sequences() const { return sequences_; }
  const std::vector<Row>& rows() const { return rows_; }

 private:
  std::vector<Prompt> prompts_;
  std::vector<Sequence> sequences_;
  std::vector<Row> rows_;
};

// Where a page has an element of a key or a value: elements from the pool's start.
size_t KeyElement(const kernels::PagedAttentionShape& shape,
                  int64_t page,
                  int64_t kv_head,
                  int64_t slot,
                  int64_t dim);
size_t ValueElement(const kernels::PagedAttentionShape& shape,
                    int64_t page,
                    int64_t kv_head,
                    int64_t slot,
                    int64_t dim);

// The problem with random numbers, in pages of random order. Sequences share their prompt's whole
// pages, and a prompt those of the one that it begins as; what no key lies in is NaN.
class PagedMemory {
 public:
  PagedMemory(const PagedProblem& problem,
              const kernels::PagedAttentionShape& shape,
              kernels::Precision precision,
              bool partial_page_is_prompt);

  const kernels::PagedAttentionShape& shape() const { return shape_; }
  kernels::Precision precision() const { return precision_; }
  const std::vector<unsigned char>& pool() const { return pool_; }
  const std::vector<int32_t>& tables() const { return tables_; }
  const std::vector<int32_t>& prompt_pages() const { return prompt_pages_; }
  int64_t table_stride() const { return table_stride_; }
  int32_t unused_page() const { return unused_page_; }
  int64_t keys() const { return table_stride_ * kernels::kKeysPerPage; }

  // Of chosen rows of the problem.
  std::vector<size_t> all_rows() const;
  std::vector<int32_t> sequences(const std::vector<size_t>& rows) const;
  std::vector<int32_t> positions(const std::vector<size_t>& rows) const;
  std::vector<unsigned char> queries(const std::vector<size_t>& rows) const;

  // Attention of chosen rows by the CPU's kernels over pages of their own layout, as bytes of
  // [rows, heads, head_dim]. float32.
  std::vector<unsigned char> attend_on_cpu(const std::vector<size_t>& rows) const;

  // What all rows' output, [rows, heads, head_dim], is off by, as a share of what is allowed.
  std::vector<double> errors(const std::vector<double>& out) const;

 private:
  void fill_tables(bool partial_page_is_prompt);
  void fill_pool();
  void attend(size_t row, int64_t head, const double* out, double* errors) const;
  void store_on_cpu(int64_t sequence, const kernels::PagedKv& kv) const;
  int64_t page_of(int64_t sequence, int64_t position) const;
  size_t key_at(int64_t sequence, int64_t position, int64_t kv_head, int64_t dim) const;
  size_t value_at(int64_t sequence, int64_t position, int64_t kv_head, int64_t dim) const;

  const PagedProblem problem_;
  const kernels::PagedAttentionShape shape_;
  const kernels::Precision precision_;
  int64_t table_stride_ = 0;
  int64_t pages_ = 0;
  int32_t unused_page_ = 0;
  std::vector<int32_t> tables_;
  std::vector<int32_t> prompt_pages_;
  std::vector<double> queries_;   // [rows, heads, head_dim]
  std::vector<double> elements_;  // of the pool
  std::vector<unsigned char> pool_;
};

}  // namespace restem::testing
