#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "kernels/paged_attention.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/paged_attention_cpu.cc"
// foreach_target.h must come first.
// clang-format off
#include "hwy/foreach_target.h"
#include "kernels/attention_core-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace restem::kernels::HWY_NAMESPACE {
static_assert(kKeysPerPage == kKeyBlock);

// One query head of one row.
struct Query {
  const float* q;        // [head_dim]
  const int32_t* table;  // of its sequence
  int64_t first;         // keys [first, keys) that it sees
  int64_t keys;
  float* scores;  // [keys, rounded up to 16]
  float* sums;    // [padded_dim]
  float* out;     // [head_dim]

  int64_t first_page() const { return first / kKeyBlock; }
  // From its first page on.
  bool sees(int64_t page) const { return page * kKeyBlock < keys; }
};

// Up to four queries of one KV head, and where that head's part of a page begins.
struct QueryTile {
  std::array<Query, kQueryBlock> queries;
  int64_t size = 0;
  PagedAttentionShape shape;
  const float* head = nullptr;  // of page 0
  int64_t page_stride = 0;      // floats

  int64_t dim() const { return PagedKv::padded_dim(shape); }
  const float* keys(int64_t query, int64_t page) const {
    return head + queries[static_cast<size_t>(query)].table[page] * page_stride;
  }
  const float* values(int64_t query, int64_t page) const {
    return keys(query, page) + dim() * kKeyBlock;
  }
  bool share(int64_t a, int64_t b, int64_t page) const {
    return queries[static_cast<size_t>(b)].sees(page) && keys(a, page) == keys(b, page);
  }
};

// Some neighbouring queries of a tile and pages that all of them see.
struct Run {
  int64_t first = 0;  // query
  int64_t count = 1;
  int64_t page = 0;
  int64_t pages = 1;
};

// The longest run from this query and page on that registers have room for.
Run RunFrom(const QueryTile& tile, int64_t first, const std::array<int64_t, kQueryBlock>& next) {
  Run run = {first, 1, next[static_cast<size_t>(first)], 1};
  while (first + run.count < tile.size &&
         next[static_cast<size_t>(first + run.count)] == run.page &&
         tile.share(first, first + run.count, run.page))
    ++run.count;
  const auto continues = [&](int64_t page) {
    for (int64_t r = 0; r < run.count; ++r) {
      if (!tile.queries[static_cast<size_t>(first + r)].sees(page)) return false;
      if (!tile.share(first, first + r, page)) return false;
    }
    return true;
  };
  while (run.pages < kQueryBlock / run.count && continues(run.page + run.pages)) ++run.pages;
  return run;
}

// body(run) for runs that cover each page of each query once, a query's pages in order.
template <typename Body>
void ForRuns(const QueryTile& tile, Body body) {
  std::array<int64_t, kQueryBlock> next = {};
  for (size_t r = 0; r < static_cast<size_t>(tile.size); ++r)
    next[r] = tile.queries[r].first_page();
  for (int64_t first = 0; first < tile.size;) {
    if (!tile.queries[static_cast<size_t>(first)].sees(next[static_cast<size_t>(first)])) {
      ++first;
      continue;
    }
    const Run run = RunFrom(tile, first, next);
    body(run);
    for (int64_t r = 0; r < run.count; ++r)
      next[static_cast<size_t>(first + r)] = run.page + run.pages;
  }
}

template <int64_t kQueries, int64_t kPages>
void ScoreRun(const QueryTile& tile, const Run& run) {
  const float* queries[kQueries];
  float* scores[kQueries];
  for (int64_t r = 0; r < kQueries; ++r) {
    const Query& query = tile.queries[static_cast<size_t>(run.first + r)];
    queries[r] = query.q;
    scores[r] = query.scores + run.page * kKeyBlock;
  }
  const float* keys[kPages];
  for (int64_t p = 0; p < kPages; ++p) keys[p] = tile.keys(run.first, run.page + p);
  ScoreTile<kQueries, kPages>(queries, keys, kKeyBlock, tile.shape.head_dim, scores);
}

template <int64_t kQueries>
void SumRun(const QueryTile& tile, const Run& run) {
  const float* weights[kQueries];
  float* sums[kQueries];
  for (int64_t page = run.page; page < run.page + run.pages; ++page) {
    int64_t count = 0;  // beyond its own keys a query's weights are 0
    for (int64_t r = 0; r < kQueries; ++r) {
      const Query& query = tile.queries[static_cast<size_t>(run.first + r)];
      weights[r] = query.scores + page * kKeyBlock;
      sums[r] = query.sums;
      count = std::max(count, std::min(kKeyBlock, query.keys - page * kKeyBlock));
    }
    WeightedSumOf<kQueries>(weights, tile.values(run.first, page), count, tile.dim(), sums);
  }
}

void ScoreRuns(const QueryTile& tile) {
  ForRuns(tile, [&](const Run& run) {
    if (run.count == 4) return ScoreRun<4, 1>(tile, run);
    if (run.count == 3) return ScoreRun<3, 1>(tile, run);
    if (run.count == 2)
      return run.pages == 2 ? ScoreRun<2, 2>(tile, run) : ScoreRun<2, 1>(tile, run);
    if (run.pages == 4) return ScoreRun<1, 4>(tile, run);
    if (run.pages == 3) return ScoreRun<1, 3>(tile, run);
    return run.pages == 2 ? ScoreRun<1, 2>(tile, run) : ScoreRun<1, 1>(tile, run);
  });
}

void SumRuns(const QueryTile& tile) {
  ForRuns(tile, [&](const Run& run) {
    if (run.count == 4) return SumRun<4>(tile, run);
    if (run.count == 3) return SumRun<3>(tile, run);
    if (run.count == 2) return SumRun<2>(tile, run);
    SumRun<1>(tile, run);
  });
}

void AttendTile(const QueryTile& tile) {
  ScoreRuns(tile);
  std::array<float, kQueryBlock> totals;
  for (size_t r = 0; r < static_cast<size_t>(tile.size); ++r) {
    const Query& query = tile.queries[r];
    const int64_t begin = query.first_page() * kKeyBlock;
    const int64_t seen = query.keys - begin;
    const int64_t padded = RoundUp(seen, kKeyBlock);
    float* scores = query.scores + begin;
    const bool capped = tile.shape.soft_cap > 0.0F;
    if (capped) SoftCap(scores, padded, tile.shape.scale, tile.shape.soft_cap);
    const float scale = capped ? 1.0F : tile.shape.scale;
    const float shift = scale * MaskAndMax(scores, query.first - begin, seen);
    totals[r] = ExpAndSum(scores, padded, scale, shift);
  }
  SumRuns(tile);
  for (size_t r = 0; r < static_cast<size_t>(tile.size); ++r) {
    const Query& query = tile.queries[r];
    for (int64_t d = 0; d < tile.shape.head_dim; ++d) query.out[d] = query.sums[d] / totals[r];
  }
}

// Queries [first, first + size) of a KV head, counted row by row.
void FillTile(const PagedRows& rows,
              int64_t kv_head,
              int64_t first,
              const float* q,
              float* out,
              std::vector<float>& scratch,
              QueryTile& tile) {
  const int64_t group = tile.shape.heads / tile.shape.kv_heads;
  tile.size = std::min(kQueryBlock, rows.rows() * group - first);
  int64_t longest = 0;
  for (int64_t r = 0; r < tile.size; ++r) {
    const int64_t row = (first + r) / group;
    const int64_t head = row * tile.shape.heads + kv_head * group + (first + r) % group;
    const int64_t keys = int64_t{rows.positions[static_cast<size_t>(row)]} + 1;
    const int64_t offset = head * tile.shape.head_dim;
    tile.queries[static_cast<size_t>(r)] = {q + offset,
                                            rows.table(row),
                                            FirstSeen(keys, tile.shape.window),
                                            keys,
                                            nullptr,
                                            nullptr,
                                            out + offset};
    longest = std::max(longest, RoundUp(keys, kKeyBlock));
  }
  scratch.resize(static_cast<size_t>(kQueryBlock * (longest + tile.dim())));
  std::fill_n(scratch.begin(), kQueryBlock * tile.dim(), 0.0F);
  for (int64_t r = 0; r < tile.size; ++r) {
    Query& query = tile.queries[static_cast<size_t>(r)];
    query.sums = scratch.data() + r * tile.dim();
    query.scores = scratch.data() + kQueryBlock * tile.dim() + r * longest;
  }
}

void Attend(const PagedAttentionShape& shape,
            const PagedKv& kv,
            const PagedRows& rows,
            int64_t layer,
            const float* q,
            float* out) {
  static thread_local std::vector<float> scratch;
  QueryTile tile;
  tile.shape = shape;
  tile.page_stride = kv.layers * PagedKv::layer_stride(shape);
  const int64_t head_stride = PagedKv::layer_stride(shape) / shape.kv_heads;
  const int64_t queries = rows.rows() * (shape.heads / shape.kv_heads);
  for (int64_t kv_head = 0; kv_head < shape.kv_heads; ++kv_head) {
    tile.head = kv.at(shape, 0, layer) + kv_head * head_stride;
    for (int64_t first = 0; first < queries; first += kQueryBlock) {
      FillTile(rows, kv_head, first, q, out, scratch, tile);
      AttendTile(tile);
    }
  }
}

}  // namespace restem::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace restem::kernels {
HWY_EXPORT(Attend);

void StoreKeys(const PagedAttentionShape& shape,
               const PagedKv& kv,
               const PagedRows& rows,
               int64_t layer,
               const float* k,
               const float* v) {
  const int64_t dim = PagedKv::padded_dim(shape);
  for (int64_t row = 0; row < rows.rows(); ++row) {
    const int64_t position = rows.positions[static_cast<size_t>(row)];
    const int64_t slot = position % kKeysPerPage;
    float* page = kv.at(shape, rows.table(row)[position / kKeysPerPage], layer);
    for (int64_t head = 0; head < shape.kv_heads; ++head) {
      for (int64_t d = 0; d < shape.head_dim; ++d) page[d * kKeysPerPage + slot] = k[d];
      page += dim * kKeysPerPage;
      std::memcpy(page + slot * dim, v, static_cast<size_t>(shape.head_dim) * sizeof(float));
      page += dim * kKeysPerPage;
      k += shape.head_dim;
      v += shape.head_dim;
    }
  }
}

void PagedAttention(const PagedAttentionShape& shape,
                    const PagedKv& kv,
                    const PagedRows& rows,
                    int64_t layer,
                    const float* q,
                    float* out) {
  HWY_DYNAMIC_DISPATCH(Attend)(shape, kv, rows, layer, q, out);
}

}  // namespace restem::kernels
#endif  // HWY_ONCE
