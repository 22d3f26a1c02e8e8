#include "model/stored_tensors.h"

#include <map>
#include <string_view>

#include "model/families/families.h"
#include "model/weights.h"

namespace restem {
namespace {

// Each part between dots as the family has it.
std::string StoredName(const Family& family, std::string_view name) {
  std::string stored;
  for (size_t begin = 0; begin <= name.size();) {
    const size_t end = std::min(name.find('.', begin), name.size());
    std::string_view part = name.substr(begin, end - begin);
    for (const NameRule& rule : family.names) {
      if (rule.ours != part) continue;
      part = rule.theirs;
      break;
    }
    if (begin > 0) stored += '.';
    stored += part;
    begin = end + 1;
  }
  return stored;
}

}  // namespace

std::vector<StoredTensor> StoredTensors(const ModelConfig& config) {
  // A configuration that is not from a file, in tests, has Llama's names.
  const Family* family = FindFamily(config.model_type);
  if (family == nullptr) family = FindFamily("llama");
  std::vector<StoredTensor> stored;
  std::map<std::string, size_t> places;
  Weights none;
  VisitParameters(
      config, none, [&](const std::string& name, const std::vector<int64_t>& shape, at::Tensor&) {
        const std::string theirs = StoredName(*family, name);
        const auto [place, is_new] = places.emplace(theirs, stored.size());
        const bool transposed =
            family->transposed_linears && shape.size() == 2 && name.starts_with("model.layers.");
        if (is_new) {
          stored.push_back({theirs, shape, transposed, {name}});
          if (transposed) std::swap(stored.back().shape[0], stored.back().shape[1]);
        } else {
          StoredTensor& tensor = stored[place->second];
          tensor.parameters.push_back(name);
          tensor.shape[transposed ? 1 : 0] += shape[0];
        }
      });
  return stored;
}

std::vector<LinearModule> LinearModules(const ModelConfig& config) {
  constexpr std::string_view kWeight = ".weight";
  std::vector<LinearModule> modules;
  for (const StoredTensor& stored : StoredTensors(config)) {
    const std::string& first = stored.parameters.front();
    if (!first.ends_with("_proj.weight") || first.find(".experts.") != std::string::npos) continue;
    modules.push_back({stored.name.substr(0, stored.name.size() - kWeight.size()),
                       stored.shape[stored.transposed ? 1 : 0],
                       stored.shape[stored.transposed ? 0 : 1],
                       stored.parameters});
  }
  return modules;
}

bool IsKnownExtra(const ModelConfig& config, const std::string& name) {
  if (config.tie_word_embeddings && name == "lm_head.weight") return true;
  if (name.ends_with(".rotary_emb.inv_freq")) return true;
  // Scales of activations and of stored keys, which are computed in full here.
  for (const std::string_view end : {".input_scale", ".k_scale", ".v_scale", ".q_scale"})
    if (config.fp8.used && name.ends_with(end)) return true;
  // GPT-2's causal masks.
  return config.model_type == "gpt2" &&
         (name.ends_with(".attn.bias") || name.ends_with(".attn.masked_bias"));
}

}  // namespace restem
