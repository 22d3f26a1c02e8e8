// The memory that steps on a GPU work in.
#pragma once

#include "kernels/sample_token.h"
#include "sampler/cuda/device_model.h"
#include "sampler/cuda/step_input.h"

namespace restem::cuda {

// A vocabulary rounded up, so that each row of logits begins at 16 bytes.
constexpr int64_t LogitsStride(int64_t vocab) { return (vocab + 3) / 4 * 4; }

// The draws of up to so many rows, three arrays side by side.
kernels::DrawnTokens DrawnIn(void* memory, int64_t slots);
int64_t DrawnBytes(int64_t slots);

// Activations are of the model's precision where no type is given. A step overwrites all that the
// one before left, but for `newest`: draws must be copied in the stream before it.
struct StepRoom {
  float* x = nullptr;            // [rows, hidden] the residual stream
  void* normed = nullptr;        // [rows, hidden] what a block begins with
  void* qkv = nullptr;           // [rows, (heads + 2·kv_heads)·head_dim]
  void* q = nullptr;             // [rows, heads·head_dim]
  void* attended = nullptr;      // the same
  void* block_out = nullptr;     // [rows, hidden] what a block adds to x
  void* gate_up = nullptr;       // [rows, 2·intermediate]
  void* gated = nullptr;         // [rows, intermediate]
  float* logits = nullptr;       // [drawing, LogitsStride of the whole vocabulary]
  float* own_logits = nullptr;   // [drawing, LogitsStride of a part's], of a model in parts
  float* all_logits = nullptr;   // [parts, drawing, the same]
  int32_t* tokens = nullptr;     // [rows]
  int32_t* positions = nullptr;  // [rows]
  int32_t* newest = nullptr;     // [slots] as kernels/newest_tokens.h says
  kernels::DrawnTokens drawn;    // [slots]
  kernels::cuda::Workspace attention;
  kernels::cuda::Workspace products;

  // For steps of up to `most` rows of each kind and keys; as many slots as rows that draw. Null
  // memory gives null pointers.
  static StepRoom In(void* memory, const DeviceModel& model, const StepShape& most);
  static int64_t Bytes(const DeviceModel& model, const StepShape& most);
};

}  // namespace restem::cuda
