// Attention over pages against float64, and that a row's bits do not depend on who shares its
// pages.
#include "kernels/paged_attention.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <ostream>
#include <random>
#include <vector>

namespace restem::kernels {
namespace {

constexpr int64_t kLayers = 2;

struct Case {
  int64_t heads, kv_heads, head_dim;
};

std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << c.heads << " heads on " << c.kv_heads << " of " << c.head_dim;
}

// Sequences, some of which begin with the same keys, and their pages in a shuffled pool.
class Cache {
 public:
  explicit Cache(const Case& c)
      : shape_{c.heads, c.kv_heads, c.head_dim, 0.3F}, pages_(kPages), engine_(11) {
    std::iota(pages_.begin(), pages_.end(), 0);
    std::shuffle(pages_.begin(), pages_.end(), engine_);
    memory_.resize(static_cast<size_t>(kPages * kLayers * PagedKv::layer_stride(shape_)));
  }

  // A sequence of `length` keys that shares `shared` keys (whole pages) with an earlier one.
  size_t add(int64_t length, size_t other = 0, int64_t shared = 0) {
    Sequence sequence;
    if (shared > 0) {
      sequence = sequences_[other];
      sequence.k.resize(static_cast<size_t>(shared * width()));
      sequence.v.resize(sequence.k.size());
      sequence.pages.resize(static_cast<size_t>(shared / kKeysPerPage));
    }
    std::normal_distribution<float> normal;
    while (sequence.k.size() < static_cast<size_t>(length * width())) {
      sequence.k.push_back(normal(engine_));
      sequence.v.push_back(normal(engine_));
    }
    while (static_cast<int64_t>(sequence.pages.size()) * kKeysPerPage < length)
      sequence.pages.push_back(pages_[next_page_++]);
    sequences_.push_back(sequence);
    store(sequences_.size() - 1, shared, length);
    return sequences_.size() - 1;
  }

  // Of the queries at the last positions of each named sequence.
  struct Asked {
    size_t sequence;
    int32_t position;
  };
  std::vector<float> attend(const std::vector<Asked>& asked, const std::vector<float>& q) {
    std::vector<int32_t> sequences;
    std::vector<int32_t> positions;
    for (const Asked& row : asked) {
      sequences.push_back(static_cast<int32_t>(row.sequence));
      positions.push_back(row.position);
    }
    const auto tables = all_tables();
    std::vector<float> out(q.size(), NAN);
    PagedAttention(shape_,
                   kv(),
                   {sequences, positions, tables.data(), kTableStride},
                   /*layer=*/1,
                   q.data(),
                   out.data());
    return out;
  }

  // One head's output in float64.
  std::vector<double> expected(const Asked& row, int64_t head, const float* q) const {
    const Sequence& sequence = sequences_[row.sequence];
    const int64_t kv_head = head / (shape_.heads / shape_.kv_heads);
    std::vector<double> weights;
    for (int64_t j = 0; j <= row.position; ++j) {
      const float* k = sequence.k.data() + j * width() + kv_head * shape_.head_dim;
      weights.push_back(
          std::exp(shape_.scale * std::inner_product(q, q + shape_.head_dim, k, 0.0)));
    }
    const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
    std::vector<double> out(static_cast<size_t>(shape_.head_dim));
    for (int64_t j = 0; j <= row.position; ++j) {
      const float* v = sequence.v.data() + j * width() + kv_head * shape_.head_dim;
      for (size_t d = 0; d < out.size(); ++d)
        out[d] += weights[static_cast<size_t>(j)] / total * v[d];
    }
    return out;
  }

  const PagedAttentionShape& shape() const { return shape_; }

 private:
  struct Sequence {
    std::vector<float> k, v;  // [length, kv_heads, head_dim]
    std::vector<int32_t> pages;
  };
  static constexpr int64_t kPages = 64;
  static constexpr int64_t kTableStride = 8;

  int64_t width() const { return shape_.kv_heads * shape_.head_dim; }
  PagedKv kv() { return {memory_.data(), kLayers}; }

  std::vector<int32_t> all_tables() const {
    std::vector<int32_t> tables(sequences_.size() * kTableStride, -1);
    for (size_t i = 0; i < sequences_.size(); ++i) {
      std::copy(sequences_[i].pages.begin(),
                sequences_[i].pages.end(),
                tables.begin() + static_cast<ptrdiff_t>(i) * kTableStride);
    }
    return tables;
  }

  void store(size_t sequence, int64_t begin, int64_t end) {
    std::vector<int32_t> positions(static_cast<size_t>(end - begin));
    std::iota(positions.begin(), positions.end(), static_cast<int32_t>(begin));
    const std::vector<int32_t> of(positions.size(), static_cast<int32_t>(sequence));
    const auto tables = all_tables();
    StoreKeys(shape_,
              kv(),
              {of, positions, tables.data(), kTableStride},
              /*layer=*/1,
              sequences_[sequence].k.data() + begin * width(),
              sequences_[sequence].v.data() + begin * width());
  }

  PagedAttentionShape shape_;
  std::vector<int32_t> pages_;
  size_t next_page_ = 0;
  std::mt19937 engine_;
  std::vector<float> memory_;
  std::vector<Sequence> sequences_;
};

class PagedAttentionTest : public ::testing::TestWithParam<Case> {
 protected:
  PagedAttentionTest() : cache_(GetParam()) {
    const size_t prompt = cache_.add(50);
    for (const int64_t length : {49, 64, 65, 100})
      asked_.push_back({cache_.add(length, prompt, 48), static_cast<int32_t>(length - 1)});
    const size_t other = cache_.add(33);
    // A piece of a prompt: rows of one sequence.
    for (const int32_t position : {14, 15, 16, 17, 32}) asked_.push_back({other, position});
    asked_.push_back({cache_.add(1), 0});
    std::mt19937 engine(5);
    std::normal_distribution<float> normal;
    q_.resize(asked_.size() * row_width());
    for (float& value : q_) value = normal(engine);
  }

  size_t row_width() const {
    return static_cast<size_t>(cache_.shape().heads * cache_.shape().head_dim);
  }

  Cache cache_;
  std::vector<Cache::Asked> asked_;
  std::vector<float> q_;
};

TEST_P(PagedAttentionTest, IsAttentionInFloat64) {
  const auto out = cache_.attend(asked_, q_);
  const auto dim = static_cast<size_t>(GetParam().head_dim);
  for (size_t row = 0; row < asked_.size(); ++row) {
    for (int64_t head = 0; head < GetParam().heads; ++head) {
      const size_t offset = row * row_width() + static_cast<size_t>(head) * dim;
      const auto expected = cache_.expected(asked_[row], head, q_.data() + offset);
      // Scores of size s = scale·|q|·|k| err by s·√dim·2^-24, and so do the weights; values are ~1.
      for (size_t d = 0; d < dim; ++d)
        ASSERT_NEAR(out[offset + d], expected[d], 3e-6) << "row " << row << " head " << head;
    }
  }
}

TEST_P(PagedAttentionTest, ARowsBitsDoNotDependOnItsNeighbours) {
  const auto together = cache_.attend(asked_, q_);
  for (size_t row = 0; row < asked_.size(); ++row) {
    const auto begin = q_.begin() + static_cast<ptrdiff_t>(row * row_width());
    const auto alone =
        cache_.attend({asked_[row]}, {begin, begin + static_cast<ptrdiff_t>(row_width())});
    EXPECT_EQ(
        0,
        std::memcmp(alone.data(), together.data() + row * row_width(), row_width() * sizeof(float)))
        << "row " << row;
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes,
                         PagedAttentionTest,
                         ::testing::Values(Case{1, 1, 16},
                                           Case{4, 4, 24},
                                           Case{8, 4, 8},
                                           Case{6, 2, 64},
                                           Case{14, 2, 64},
                                           Case{5, 1, 80}));

}  // namespace
}  // namespace restem::kernels
