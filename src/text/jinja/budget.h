// What one render of a template may use, so that a hostile one ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace restem::jinja {

inline constexpr int64_t kMaxTemplateBytes = int64_t{1} << 20;
inline constexpr int64_t kMaxSteps = 10'000'000;  // an expression, a statement, or 256 bytes moved
inline constexpr int64_t kBytesOfStep = 256;
inline constexpr int64_t kMaxMemory = int64_t{256} << 20;    // of all values that live at once
inline constexpr int64_t kMaxTextBytes = int64_t{32} << 20;  // of one text, and of the output
inline constexpr size_t kMaxParts = 1'000'000;               // that a text is split into
inline constexpr int64_t kMaxRange = 100'000;                // jinja2's sandbox: MAX_RANGE
inline constexpr int kMaxDepth = 1'000;                      // of expressions and calls at work
inline constexpr int kMaxNesting = 200;                      // of brackets and blocks in a source
inline constexpr int kMaxValueDepth = 200;                   // of lists in lists

struct Budget {
  int64_t steps = kMaxSteps;   // left
  int64_t bytes = kMaxMemory;  // left
};

// Bytes taken from a budget until this ends.
class Charge {
 public:
  Charge() = default;
  Charge(Budget* budget, int64_t bytes) : budget_(budget), bytes_(bytes) {
    budget_->bytes -= bytes_;
  }
  Charge(Charge&& other) noexcept
      : budget_(std::exchange(other.budget_, nullptr)), bytes_(other.bytes_) {}
  Charge& operator=(Charge&& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~Charge() {
    if (budget_ != nullptr) budget_->bytes += bytes_;
  }

 private:
  Budget* budget_ = nullptr;
  int64_t bytes_ = 0;
};

}  // namespace restem::jinja
