#include "model/fp8.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/mul.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "model/tensor_file.h"

namespace restem {
namespace {

// How many of the scale's elements there are along a dimension, and what each stands for.
struct ScaleGrid {
  int64_t rows = 1;  // of the scale
  int64_t columns = 1;
  int64_t row_block = 0;  // elements of the weight
  int64_t column_block = 0;
};

absl::StatusOr<ScaleGrid> GridOf(const TensorView& weight,
                                 const TensorView& scale,
                                 const Fp8Config& config,
                                 const std::string& where) {
  const int64_t out = weight.shape[0];
  const int64_t in = weight.shape[1];
  const auto is = [&](const std::vector<int64_t>& shape) { return scale.shape == shape; };
  if (is({}) || is({1}) || is({1, 1})) return ScaleGrid{1, 1, out, in};
  if (is({out}) || is({out, 1})) return ScaleGrid{out, 1, 1, in};
  if (config.rows > 0) {
    const int64_t rows = (out + config.rows - 1) / config.rows;
    const int64_t columns = (in + config.columns - 1) / config.columns;
    if (is({rows, columns})) return ScaleGrid{rows, columns, config.rows, config.columns};
  }
  return InvalidInput(fmt::format(
      "{}: the scale {} has shape [{}], which fits neither a number, nor the rows, nor the "
      "blocks of {} [{}]",
      where,
      scale.name,
      fmt::join(scale.shape, ", "),
      weight.name,
      fmt::join(weight.shape, ", ")));
}

}  // namespace

bool IsFp8(DType dtype) { return dtype == DType::kFloat8E4M3 || dtype == DType::kFloat8E5M2; }

std::vector<std::string> ScaleNames(const std::string& weight) {
  return {weight + "_scale_inv", weight + "_scale"};
}

absl::StatusOr<at::Tensor> Dequantized(const TensorView& weight,
                                       const TensorView& scale,
                                       const Fp8Config& config,
                                       bool bfloat16,
                                       const std::string& where) {
  RESTEM_ASSIGN_OR_RETURN(const ScaleGrid grid, GridOf(weight, scale, config, where));
  RESTEM_ASSIGN_OR_RETURN(const at::Tensor scales, FloatTensor(scale, where));
  const auto type = weight.dtype == DType::kFloat8E4M3 ? at::kFloat8_e4m3fn : at::kFloat8_e5m2;
  void* data = const_cast<std::byte*>(weight.bytes.data());  // only read
  const at::Tensor narrow = at::from_blob(data, weight.shape, at::TensorOptions(type));
  const at::Tensor wide =
      at::empty(weight.shape, at::TensorOptions(bfloat16 ? at::kBFloat16 : at::kFloat));
  const auto* factor = scales.const_data_ptr<float>();
  for (int64_t r = 0; r < grid.rows; ++r) {
    const int64_t row = r * grid.row_block;
    const int64_t rows = std::min(grid.row_block, weight.shape[0] - row);
    const at::Tensor band = narrow.narrow(0, row, rows).to(at::kFloat);
    for (int64_t c = 0; c < grid.columns; ++c) {
      const int64_t column = c * grid.column_block;
      const int64_t columns = std::min(grid.column_block, weight.shape[1] - column);
      band.narrow(1, column, columns).mul_(factor[r * grid.columns + c]);
    }
    wide.narrow(0, row, rows).copy_(band);
  }
  return wide;
}

}  // namespace restem
