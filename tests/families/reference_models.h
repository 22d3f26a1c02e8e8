// Small random models of every family, written by transformers with what it computes.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "data/types.h"
#include "model/decoder.h"

namespace restem::testing {

// The folder of models (tests/families/reference.py says what is in it), written at the first call;
// empty where that failed.
const std::string& ReferenceModels();

nlohmann::json ReadJson(const std::string& path);
at::Tensor ToTensor(const nlohmann::json& rows);  // [rows, columns] float64

// Logits [tokens, vocab] behind each token.
at::Tensor LogitsOf(const Model& model, const std::vector<int32_t>& tokens);

// The reference's examples.
std::vector<TrainingExample> ExamplesOf(const nlohmann::json& reference);

}  // namespace restem::testing
