// Models from and to HF directories.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/status.h"
#include "model/decoder.h"

namespace restem {

// A directory with an adapter (model/adapter.h) is the base that it names, with that adapter.
//
// Float32 weights stay where they are: a memory map of the file, shared between processes and read
// on first use. With `bfloat16`, matrices are held in bfloat16 and vectors in float32. A missing,
// extra or mis-shaped tensor is InvalidInput naming the directory, the tensor and both shapes.
absl::StatusOr<Model> LoadModel(const std::string& dir, bool bfloat16);

// The same in the dtypes of the files, for who copies what it wants of it: nothing is read yet, but
// for weights of 8 bits or that are stored transposed.
absl::StatusOr<Model> LoadStoredModel(const std::string& dir);

// A model of `dir`'s config with fresh random weights; `dir` needs no weights.
absl::StatusOr<Model> InitializeModel(const std::string& dir, uint64_t seed);

// Writes an HF directory that transformers loads unchanged: the weights in float32 or bfloat16, or
// the adapter of a model that has one, and everything that `model.dir` holds beside weights.
// Appears under its name only when it is complete; replaces what was there.
absl::Status SaveModel(const Model& model, bool bfloat16, const std::string& dir);

// A parameter in float32, by its name (model/weights.h), of this shape.
using ParameterFn = std::function<absl::StatusOr<at::Tensor>(const std::string& name,
                                                             const std::vector<int64_t>& shape)>;

// The same of trained parameters that are nowhere together: those of one file at a time are asked
// for. Of `model`, what has no values counts, and which layers its adapter is for.
absl::Status SaveTrained(const Model& model,
                         const ParameterFn& parameter,
                         bool bfloat16,
                         const std::string& dir);

// Names of the files in `dir` and of its chat_templates/, sorted: everything that makes the model
// what it is.
absl::StatusOr<std::vector<std::string>> ModelFiles(const std::string& dir);

}  // namespace restem
