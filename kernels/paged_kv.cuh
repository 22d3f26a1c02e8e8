// Where keys and values lie in a PagePool, and which of a row's pages a split has.
#pragma once

#include "kernels/device.cuh"
#include "kernels/paged_attention.h"

namespace restem::kernels::cuda {

using namespace device;

constexpr int kPageKeys = static_cast<int>(kKeysPerPage);
constexpr int kSplitPages = static_cast<int>(kPagesPerSplit);

// The keys of one KV head in a page; its values follow.
template <typename T>
__device__ T* KeysOf(T* pool, int64_t page, int kv_heads, int kv_head, int head_dim) {
  return pool + (page * kv_heads + kv_head) * 2 * kPageKeys * head_dim;
}

template <typename T>
__device__ T* ValuesOf(T* keys, int head_dim) {
  return keys + kPageKeys * head_dim;
}

// Of a key and a value, in elements from the start of the page's keys or values.
__device__ inline int KeyOffset(int slot, int dim, int head_dim) { return slot * head_dim + dim; }
__device__ inline int ValueOffset(int slot, int dim, int head_dim) {
  return (slot / 2 * head_dim + dim) * 2 + slot % 2;
}

// Pages [first, first + count) of a sequence, and the last key in them that a row sees.
struct SplitKeys {
  int first;
  int count;
  int last_key;  // -1: there is none
};

// A row of a batch, and how its pages are cut into splits.
struct PagedRow {
  int sequence;
  int position;      // -1: not a row
  int pages;         // that the row sees
  int prompt_pages;  // of these
  int prompt_splits;

  __device__ int splits() const {
    return prompt_splits + (pages - prompt_pages + kSplitPages - 1) / kSplitPages;
  }

  __device__ SplitKeys split(int index) const {
    const bool of_prompt = index < prompt_splits;
    const int first =
        of_prompt ? index * kSplitPages : prompt_pages + (index - prompt_splits) * kSplitPages;
    const int end = min(first + kSplitPages, of_prompt ? prompt_pages : pages);
    if (end <= first) return {first, 0, -1};
    return {first, end - first, min(position, end * kPageKeys - 1)};
  }
};

// Rows behind the batch's end see nothing.
__device__ inline PagedRow RowOf(const PagedBatch& batch, int64_t row) {
  const int position = row < batch.rows ? batch.positions[row] : -1;
  if (position < 0) return {0, -1, 0, 0, 0};
  const int sequence = batch.sequences[row];
  const int pages = position / kPageKeys + 1;
  const int of_prompt = min(pages, batch.prompt_pages[sequence]);
  return {sequence, position, pages, of_prompt, (of_prompt + kSplitPages - 1) / kSplitPages};
}

}  // namespace restem::kernels::cuda
