// What the host says about a step's rows, in one piece of memory, so that one copy brings it to the
// GPU.
#pragma once

#include <compare>
#include <cstdint>

#include "kernels/philox.h"

namespace restem::cuda {

// How large a step is. Steps of one shape differ in the numbers of their input alone, so that they
// can be launched as one graph. Rows that are left over have neither token nor slot.
struct StepShape {
  int64_t drawing = 0;   // rows that draw a token; they come first
  int64_t feeding = 0;   // rows behind them that only leave their keys
  int64_t max_keys = 0;  // positions are below it

  int64_t rows() const { return drawing + feeding; }
  auto operator<=>(const StepShape&) const = default;
};

// All pointers are into the host's or all into the GPU's memory.
struct StepInput {
  uint64_t* counters = nullptr;              // [drawing] in the streams
  kernels::PhiloxStream* streams = nullptr;  // [drawing]
  int32_t* given = nullptr;                  // [rows] tokens; −1: the slot's newest one
  int32_t* slots = nullptr;                  // [rows] −1: none
  int32_t* positions = nullptr;              // [rows]
  int32_t* sequences = nullptr;              // [rows] of `tables`
  int32_t* prompt_pages = nullptr;           // [rows]: there are at most as many sequences
  int32_t* tables = nullptr;                 // [sequences, table_stride]
  int64_t table_stride = 0;

  static StepInput In(void* memory, const StepShape& shape);
  // With room for so many sequences.
  static int64_t Bytes(const StepShape& shape, int64_t sequences);
};

}  // namespace restem::cuda
