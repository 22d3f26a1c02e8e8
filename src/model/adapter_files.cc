// PEFT's adapter_config.json and adapter_model.safetensors.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/file.h"
#include "io/json_file.h"
#include "io/safetensors.h"
#include "model/adapter.h"
#include "model/families/families.h"
#include "model/stored_tensors.h"
#include "model/tensor_file.h"

namespace restem {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "base_model.model.";

std::string ConfigOf(const std::string& dir) { return dir + "/adapter_config.json"; }
std::string TensorsOf(const std::string& dir) { return dir + "/adapter_model.safetensors"; }

// Keys that change what an adapter computes and are not implemented: they must be absent, null,
// false or empty.
absl::Status CheckFeatures(const JsonFile& file) {
  for (const std::string_view key : {"use_dora",
                                     "use_qalora",
                                     "use_bdlora",
                                     "lora_bias",
                                     "alpha_pattern",
                                     "modules_to_save",
                                     "target_parameters",
                                     "trainable_token_indices",
                                     "layer_replication",
                                     "alora_invocation_tokens",
                                     "arrow_config",
                                     "megatron_config",
                                     "kasa_config",
                                     "monteclora_config",
                                     "velora_config"}) {
    const nlohmann::json* value = FindJson(file, key);
    if (value == nullptr || *value == false || (value->is_structured() && value->empty())) continue;
    return InvalidInput(fmt::format("{}: {}: {} is not supported", file.path, key, value->dump()));
  }
  // Other ways to begin change the base when PEFT loads the adapter.
  if (const nlohmann::json* init = FindJson(file, "init_lora_weights");
      init != nullptr && !init->is_boolean() && *init != "gaussian" && *init != "orthogonal" &&
      *init != "eva") {
    return InvalidInput(
        fmt::format("{}: init_lora_weights: {} is not supported", file.path, init->dump()));
  }
  RESTEM_ASSIGN_OR_RETURN(const std::string type, GetText(file, "peft_type"));
  if (type != "LORA")
    return InvalidInput(fmt::format("{}: peft_type: \"{}\" must be LORA", file.path, type));
  RESTEM_ASSIGN_OR_RETURN(const std::string bias, GetTextOr(file, "bias", "none"));
  if (bias != "none")
    return InvalidInput(fmt::format("{}: bias: \"{}\" must be none", file.path, bias));
  return absl::OkStatus();
}

// What all modules of an adapter share.
struct AdapterScale {
  double alpha = 0.0;
  bool by_root = false;  // use_rslora
  double dropout = 0.0;

  double of(int64_t rank) const {
    const auto r = static_cast<double>(rank);
    return alpha / (by_root ? std::sqrt(r) : r);
  }
};

absl::StatusOr<AdapterScale> ReadScale(const JsonFile& file) {
  AdapterScale scale;
  RESTEM_ASSIGN_OR_RETURN(scale.alpha, GetReal(file, "lora_alpha"));
  RESTEM_ASSIGN_OR_RETURN(scale.by_root, GetBoolOr(file, "use_rslora", false));
  RESTEM_ASSIGN_OR_RETURN(scale.dropout, GetRealOr(file, "lora_dropout", 0.0));
  if (!std::isfinite(scale.alpha))
    return InvalidInput(fmt::format("{}: lora_alpha: must be a number", file.path));
  if (!(scale.dropout >= 0.0 && scale.dropout < 1.0))
    return InvalidInput(fmt::format("{}: lora_dropout: must be in [0, 1)", file.path));
  return scale;
}

// The two tensors of a module, by its name.
struct Pair {
  at::Tensor a;
  at::Tensor b;
};

absl::StatusOr<std::map<std::string, Pair>> ReadPairs(const std::string& dir) {
  RESTEM_ASSIGN_OR_RETURN(const SafetensorsFile file, SafetensorsFile::open(TensorsOf(dir)));
  std::map<std::string, Pair> pairs;
  for (const auto& [name, view] : file.tensors()) {
    const bool is_a = name.ends_with(".lora_A.weight");
    if (!name.starts_with(kPrefix) || (!is_a && !name.ends_with(".lora_B.weight"))) {
      return InvalidInput(
          fmt::format("{}: tensor {} is not supported: only {}<layer>.lora_A.weight and lora_B",
                      file.path(),
                      name,
                      kPrefix));
    }
    RESTEM_ASSIGN_OR_RETURN(const at::Tensor tensor, FloatTensor(view, file.path()));
    const size_t end = name.size() - std::string_view(".lora_A.weight").size();
    Pair& pair = pairs[name.substr(kPrefix.size(), end - kPrefix.size())];
    (is_a ? pair.a : pair.b) = tensor;
  }
  return pairs;
}

absl::Status CheckPair(const Pair& pair, const LinearModule& module, const std::string& path) {
  const bool fits = pair.a.defined() && pair.b.defined() && pair.a.dim() == 2 &&
                    pair.b.dim() == 2 && pair.a.size(0) == pair.b.size(1) && pair.a.size(0) > 0 &&
                    pair.a.size(1) == module.in && pair.b.size(0) == module.out;
  if (fits) return absl::OkStatus();
  const auto shape = [](const at::Tensor& t) {
    return t.defined() ? fmt::format("[{}]", fmt::join(t.sizes(), ", ")) : "missing";
  };
  return InvalidInput(
      fmt::format("{}: {}: lora_A is {} and lora_B is {}, must be [r, {}] and [{}, r]",
                  path,
                  module.name,
                  shape(pair.a),
                  shape(pair.b),
                  module.in,
                  module.out));
}

std::string AbsolutePath(const std::string& path) {
  std::error_code error;
  const fs::path absolute = fs::weakly_canonical(fs::absolute(path, error), error);
  return error ? path : absolute.string();
}

}  // namespace

bool IsAdapter(const std::string& dir) { return FileExists(ConfigOf(dir)); }

absl::StatusOr<std::string> BaseOf(const std::string& dir) {
  if (!IsAdapter(dir)) return dir;
  RESTEM_ASSIGN_OR_RETURN(const JsonFile file, ReadJsonFile(ConfigOf(dir)));
  RESTEM_ASSIGN_OR_RETURN(const std::string base, GetTextOr(file, "base_model_name_or_path", ""));
  std::error_code ignored;
  if (base.empty() || !fs::is_directory(base, ignored)) {
    return InvalidInput(
        fmt::format("{}: base_model_name_or_path: \"{}\" is not a folder here; name the folder "
                    "that holds the base model",
                    file.path,
                    base));
  }
  if (!IsAdapter(base)) return base;
  return InvalidInput(
      fmt::format("{}: its base, {}, is an adapter too: merge that one first", dir, base));
}

absl::Status LoadAdapter(const std::string& dir, Model& model) {
  RESTEM_ASSIGN_OR_RETURN(const JsonFile file, ReadJsonFile(ConfigOf(dir)));
  RESTEM_RETURN_IF_ERROR(CheckFeatures(file));
  RESTEM_ASSIGN_OR_RETURN(const AdapterScale scale, ReadScale(file));
  RESTEM_ASSIGN_OR_RETURN(auto pairs, ReadPairs(dir));
  std::vector<AdapterModule> adapter;
  for (const LinearModule& module : LinearModules(model.config)) {
    const auto found = pairs.find(module.name);
    if (found == pairs.end()) continue;
    RESTEM_RETURN_IF_ERROR(CheckPair(found->second, module, TensorsOf(dir)));
    const auto& [a, b] = found->second;
    adapter.push_back({module.name, a, b, scale.of(a.size(0)), scale.dropout, module.parameters});
    pairs.erase(found);
  }
  for (const AdapterModule& module : adapter) {
    if (module.a.size(0) == adapter.front().a.size(0)) continue;
    return InvalidInput(fmt::format("{}: {} has rank {}, {} has rank {}: all must have the same",
                                    TensorsOf(dir),
                                    adapter.front().name,
                                    adapter.front().a.size(0),
                                    module.name,
                                    module.a.size(0)));
  }
  if (!pairs.empty()) {
    return InvalidInput(fmt::format(
        "{}: {} is not a linear layer that this version puts an adapter on in a {} model",
        TensorsOf(dir),
        pairs.begin()->first,
        model.config.model_type));
  }
  if (adapter.empty())
    return InvalidInput(fmt::format("{} holds no lora_A and lora_B", TensorsOf(dir)));
  model.weights.adapter = std::move(adapter);
  AttachAdapter(model.config, model.weights);
  return absl::OkStatus();
}

absl::Status WriteAdapter(const Model& model, const std::string& dir) {
  const std::vector<AdapterModule>& adapter = model.weights.adapter;
  std::vector<TensorView> views;
  std::vector<std::string> modules;
  for (const AdapterModule& module : adapter) {
    const auto add = [&](const char* which, const at::Tensor& tensor) {
      views.push_back({fmt::format("{}{}.lora_{}.weight", kPrefix, module.name, which),
                       DType::kFloat32,
                       tensor.sizes().vec(),
                       {static_cast<const std::byte*>(tensor.const_data_ptr()), tensor.nbytes()}});
    };
    add("A", module.a);
    add("B", module.b);
    modules.push_back(module.name);
  }
  RESTEM_RETURN_IF_ERROR(WriteSafetensors(TensorsOf(dir), views));
  const int64_t rank = adapter.front().a.size(0);
  const Family* family = FindFamily(model.config.model_type);
  return WriteJsonFile(ConfigOf(dir),
                       {{"peft_type", "LORA"},
                        {"task_type", "CAUSAL_LM"},
                        {"base_model_name_or_path", AbsolutePath(model.dir)},
                        {"r", rank},
                        {"lora_alpha", adapter.front().scale * static_cast<double>(rank)},
                        {"lora_dropout", adapter.front().dropout},
                        {"target_modules", modules},
                        {"fan_in_fan_out", family != nullptr && family->transposed_linears},
                        {"bias", "none"},
                        {"inference_mode", true}});
}

}  // namespace restem
