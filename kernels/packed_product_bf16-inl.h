// The loops of packed_product_bf16.h over an instruction set `Isa`:
//
//   Vec                                  16 float32
//   Vec Zero()
//   Vec Dot(Vec sum, pair, pairs)        sum[j] + pair[0]·pairs[j][0] + pair[1]·pairs[j][1]
//   void Store(Vec, float* to)
//
// Nothing but raw pointers, so that no function of a library is compiled for CPUs that lack it.
#pragma once

#include "kernels/packed_product_bf16.h"

namespace restem::kernels {

template <typename Isa>
struct Bfloat16Product {
  using Vec = typename Isa::Vec;

  static constexpr int64_t kRows = 12;  // of a tile, beside two panels: 24 of 32 registers
  static constexpr int64_t kPanels = 2;

  // A tile of the result: up to kRows rows and kPanels panels.
  struct Place {
    float* y;
    int64_t stride;
    int64_t rows;
    int64_t count;      // columns
    const float* bias;  // [count] or null
  };

  // x is [pairs, kRows], a panel [pairs, 16], pairs of inputs.
  static void tile(const uint32_t* x, const uint32_t* panel, int64_t pairs, const Place& place) {
    Vec sums[kPanels][kRows];
    for (auto& of_panel : sums) {
      for (Vec& sum : of_panel) sum = Isa::Zero();
    }
    // The second panel of a last, lone one is that one again.
    const uint32_t* second = place.count > kPanelWidth ? panel + pairs * kPanelWidth : panel;
    for (int64_t i = 0; i < pairs; ++i) {
#pragma GCC unroll 12
      for (int64_t r = 0; r < kRows; ++r) {
        const uint32_t pair = x[i * kRows + r];
        sums[0][r] = Isa::Dot(sums[0][r], pair, panel + i * kPanelWidth);
        sums[1][r] = Isa::Dot(sums[1][r], pair, second + i * kPanelWidth);
      }
    }
    for (int64_t p = 0; p * kPanelWidth < place.count; ++p) {
      for (int64_t r = 0; r < place.rows; ++r) write(sums[p][r], p * kPanelWidth, r, place);
    }
  }

  static void write(const Vec& sum, int64_t column, int64_t row, const Place& place) {
    float values[kPanelWidth];
    Isa::Store(sum, values);
    float* y = place.y + row * place.stride + column;
    const int64_t left = place.count - column;
    for (int64_t j = 0; j < (left < kPanelWidth ? left : kPanelWidth); ++j)
      y[j] = place.bias == nullptr ? values[j] : values[j] + place.bias[column + j];
  }

  // `arranged` has room for [rows rounded up to kRows, pairs].
  static void arrange(const float* x, int64_t rows, int64_t in, uint32_t* arranged) {
    const int64_t pairs = (in + 1) / 2;
    for (int64_t row = 0; row < (rows + kRows - 1) / kRows * kRows; ++row) {
      uint32_t* to = arranged + row / kRows * kRows * pairs + row % kRows;
      for (int64_t i = 0; i < pairs; ++i) {
        const uint32_t first = row < rows ? ToBfloat16(x[row * in + 2 * i]) : 0;
        const uint32_t second =
            row < rows && 2 * i + 1 < in ? ToBfloat16(x[row * in + 2 * i + 1]) : 0;
        to[i * kRows] = second << 16 | first;
      }
    }
  }

  static void product(const PackedWeightView& weight,
                      const uint32_t* arranged,
                      const float* bias,
                      int64_t rows,
                      const ProductColumns& columns,
                      float* y) {
    constexpr int64_t kColumns = kPanels * kPanelWidth;
    const int64_t pairs = (weight.in + 1) / 2;
    const auto* panels = static_cast<const uint32_t*>(weight.panels) + columns.first * pairs;
    for (int64_t c = 0; c < columns.count; c += kColumns) {
      const int64_t left = columns.count - c;
      for (int64_t row = 0; row < rows; row += kRows) {
        tile(arranged + row * pairs,
             panels + c * pairs,
             pairs,
             {y + row * columns.stride + c,
              columns.stride,
              rows - row < kRows ? rows - row : kRows,
              left < kColumns ? left : kColumns,
              bias == nullptr ? nullptr : bias + columns.first + c});
      }
    }
  }
};

}  // namespace restem::kernels
