// Which elements of a parameter a rank has.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace restem {

// Some columns of a matrix.
struct Columns {
  int64_t first = 0;
  int64_t count = 0;
  int64_t width = 0;  // of the matrix; 0: the columns are all, and it may be a vector
};

// A run of elements of a parameter, or of some columns of it, in row-major order.
struct ParameterRun {
  std::string parameter;
  int64_t begin = 0;  // its first element
  Columns columns = {};
};

// Copies what two runs of a parameter, of as many elements as the spans have, have in common;
// returns how many elements that is.
int64_t CopyRun(const ParameterRun& from,
                std::span<const float> values,
                const ParameterRun& to,
                std::span<float> into);

}  // namespace restem
