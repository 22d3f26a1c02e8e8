#include "trainer/parameter_run.h"

#include <algorithm>

namespace restem {
namespace {

// A run as stretches of the parameter's elements, one for each row that it has something of: one
// in all where no columns are cut.
class Stretches {
 public:
  Stretches(const ParameterRun& run, size_t count)
      : columns_(run.columns), next_(run.begin), end_(run.begin + static_cast<int64_t>(count)) {
    advance();
  }

  bool done() const { return begin_ == last_; }
  int64_t begin() const { return begin_; }  // among the parameter's elements
  int64_t end() const { return last_; }
  int64_t offset() const { return offset_; }  // of its first element in the run

  void advance() {
    offset_ += last_ - begin_;
    begin_ = last_ = next_;
    if (next_ == end_) return;
    if (columns_.width == 0) {
      last_ = next_ = end_;
      return;
    }
    const int64_t row = next_ / columns_.count;
    const int64_t column = next_ % columns_.count;
    const int64_t count = std::min(columns_.count - column, end_ - next_);
    begin_ = row * columns_.width + columns_.first + column;
    last_ = begin_ + count;
    next_ += count;
  }

 private:
  const Columns columns_;
  int64_t next_;  // element of the run's columns
  const int64_t end_;
  int64_t begin_ = 0;
  int64_t last_ = 0;
  int64_t offset_ = 0;
};

}  // namespace

int64_t CopyRun(const ParameterRun& from,
                std::span<const float> values,
                const ParameterRun& to,
                std::span<float> into) {
  int64_t copied = 0;
  Stretches source(from, values.size());
  Stretches target(to, into.size());
  while (!source.done() && !target.done()) {
    const int64_t begin = std::max(source.begin(), target.begin());
    const int64_t end = std::min(source.end(), target.end());
    if (begin < end) {
      std::copy_n(values.begin() + source.offset() + (begin - source.begin()),
                  end - begin,
                  into.begin() + target.offset() + (begin - target.begin()));
      copied += end - begin;
    }
    (source.end() < target.end() ? source : target).advance();
  }
  return copied;
}

}  // namespace restem
