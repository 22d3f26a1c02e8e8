#include "families/reference_models.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <filesystem>
#include <fstream>
#include <numeric>

#include "model/packed_forward.h"
#include "ops/linear.h"
#include "ops/linear_logprob.h"
#include "support/python.h"

namespace restem::testing {

using nlohmann::json;

const std::string& ReferenceModels() {
  static const std::string root = [] {
    const std::string folder = std::string(RESTEM_BINARY_DIR) + "/test-output/families";
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    const bool written = RunPython("families/reference.py", "write " + folder).exit_code == 0;
    return written ? folder : "";
  }();
  return root;
}

json ReadJson(const std::string& path) { return json::parse(std::ifstream(path)); }

at::Tensor ToTensor(const json& rows) {
  std::vector<at::Tensor> tensors;
  for (const auto& row : rows)
    tensors.push_back(at::tensor(row.get<std::vector<double>>(), at::kDouble));
  return at::stack(tensors);
}

// Logits [tokens, vocab] behind each token.
at::Tensor LogitsOf(const Model& model, const std::vector<int32_t>& tokens) {
  const c10::InferenceMode inference;
  std::vector<int32_t> positions(tokens.size());
  std::iota(positions.begin(), positions.end(), 0);
  const auto rows = static_cast<int64_t>(tokens.size());
  const at::Tensor hidden = PackedHidden(model, tokens, positions, {{0, rows, 0, 0}});
  const at::Tensor logits = Linear(hidden, model.weights.output_embedding(), {});
  SoftCapLogits(model.config.logit_soft_cap, logits);
  return logits.narrow(0, 0, rows).clone();
}

std::vector<TrainingExample> ExamplesOf(const json& reference) {
  std::vector<TrainingExample> examples;
  for (const json& example : reference["examples"]) {
    examples.push_back({example["problem"],
                        static_cast<int64_t>(examples.size()),
                        example["prompt"],
                        example["completion"],
                        example["weight"]});
  }
  return examples;
}

}  // namespace restem::testing
