// Which keys and which queries a segment of packed attention has.
// Per-target header: included once for each SIMD target by a file that uses hwy/foreach_target.h.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "kernels/packed_attention.h"

#if defined(RESTEM_KERNELS_PACKED_SEGMENTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RESTEM_KERNELS_PACKED_SEGMENTS_INL_H_
#undef RESTEM_KERNELS_PACKED_SEGMENTS_INL_H_
#else
#define RESTEM_KERNELS_PACKED_SEGMENTS_INL_H_
#endif

#include "kernels/attention_core-inl.h"

HWY_BEFORE_NAMESPACE();
namespace restem::kernels::HWY_NAMESPACE {

// One segment's keys and values of one KV head, gathered into dense arrays: prefix first, then the
// segment.
class SegmentKeys {
 public:
  SegmentKeys(const PackedAttentionShape& shape, const AttentionSegment& segment)
      : shape_(shape),
        segment_(segment),
        prefix_(segment.prefix_end - segment.prefix_begin),
        count_(prefix_ + segment.end - segment.begin),
        padded_(RoundUp(count_, kKeyBlock)),
        dim_(RoundUp(shape.head_dim, kKeyBlock)) {}

  int64_t padded() const { return padded_; }
  int64_t dim() const { return dim_; }  // head_dim rounded up, the rest zero

  int64_t row(int64_t j) const {
    return j < prefix_ ? segment_.prefix_begin + j : segment_.begin + (j - prefix_);
  }

  // [count, dim], row-major.
  void gather(const float* source, int64_t kv_head, std::vector<float>& to) const {
    to.assign(static_cast<size_t>(padded_ * dim_), 0.0F);
    for (int64_t j = 0; j < count_; ++j) {
      std::memcpy(to.data() + j * dim_,
                  at(source, j, kv_head),
                  static_cast<size_t>(shape_.head_dim) * sizeof(float));
    }
  }

  // [head_dim, padded]: transposed, so that scores of neighbouring keys lie side by side.
  void gather_transposed(const float* source, int64_t kv_head, std::vector<float>& to) const {
    to.assign(static_cast<size_t>(padded_ * shape_.head_dim), 0.0F);
    for (int64_t j = 0; j < count_; ++j) {
      const float* from = at(source, j, kv_head);
      for (int64_t d = 0; d < shape_.head_dim; ++d)
        to[static_cast<size_t>(d * padded_ + j)] = from[d];
    }
  }

  void scatter_add(const std::vector<float>& from, int64_t kv_head, float* target) const {
    for (int64_t j = 0; j < count_; ++j) {
      float* to = target + (row(j) * shape_.kv_heads + kv_head) * shape_.head_dim;
      for (int64_t d = 0; d < shape_.head_dim; ++d)
        to[d] += from[static_cast<size_t>(j * dim_ + d)];
    }
  }

 private:
  const float* at(const float* source, int64_t j, int64_t kv_head) const {
    return source + (row(j) * shape_.kv_heads + kv_head) * shape_.head_dim;
  }

  const PackedAttentionShape& shape_;
  const AttentionSegment& segment_;
  const int64_t prefix_;
  const int64_t count_;
  const int64_t padded_;
  const int64_t dim_;
};

// Four queries at a time; past the last one it is repeated and its result dropped.
struct QueryBlock {
  int64_t query[kQueryBlock];  // row of q
  int64_t first[kQueryBlock];  // keys [first, seen) that it sees
  int64_t seen[kQueryBlock];
  int64_t size = 0;  // 1 … 4

  // The block's keys, from a multiple of 16 on.
  int64_t first_key() const { return first[0] / kKeyBlock * kKeyBlock; }
  int64_t last_key() const { return seen[kQueryBlock - 1]; }
};

// The queries of one segment.
class SegmentQueries {
 public:
  SegmentQueries(const AttentionQueries& queries, const AttentionSegment& segment, int64_t window)
      : rows_(queries.rows),
        window_(window),
        first_(place(queries, segment.begin)),
        last_(place(queries, segment.end)),
        before_(segment.prefix_end - segment.prefix_begin - segment.begin) {}

  bool empty() const { return first_ == last_; }

  template <typename Body>
  void for_blocks(Body body) const {
    for (int64_t first = first_; first < last_; first += kQueryBlock) {
      QueryBlock block;
      block.size = std::min(kQueryBlock, last_ - first);
      for (int64_t r = 0; r < kQueryBlock; ++r) {
        block.query[r] = first + std::min(r, block.size - 1);
        const int64_t row = rows_ == nullptr ? block.query[r] : rows_[block.query[r]];
        block.seen[r] = before_ + row + 1;
        block.first[r] = FirstSeen(block.seen[r], window_);
      }
      body(block);
    }
  }

 private:
  // The first query whose row is `row` or beyond.
  static int64_t place(const AttentionQueries& queries, int64_t row) {
    if (queries.rows == nullptr) return row;
    return std::lower_bound(queries.rows, queries.rows + queries.count, row) - queries.rows;
  }

  const int64_t* rows_;
  const int64_t window_;
  const int64_t first_;
  const int64_t last_;
  const int64_t before_;  // keys before a row, less the row's number
};

}  // namespace restem::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
