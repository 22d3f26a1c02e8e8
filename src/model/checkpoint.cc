#include "model/checkpoint.h"

#include <ATen/ops/cat.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/file.h"
#include "io/safetensors.h"
#include "model/adapter.h"
#include "model/stored_tensors.h"

namespace restem {
namespace {

namespace fs = std::filesystem;

// Weights, in any format that model directories are published with.
bool IsWeightFile(const std::string& name) {
  static constexpr std::array<std::string_view, 13> kEndings = {".safetensors",
                                                                ".index.json",
                                                                ".bin",
                                                                ".pt",
                                                                ".pth",
                                                                ".ckpt",
                                                                ".h5",
                                                                ".msgpack",
                                                                ".gguf",
                                                                ".onnx",
                                                                ".onnx_data",
                                                                ".ot",
                                                                ".tmp"};
  return std::ranges::any_of(kEndings, [&](std::string_view end) { return name.ends_with(end); });
}

// Where a model with several chat templates has them.
constexpr char kTemplates[] = "chat_templates";

absl::Status CopyCompanions(const std::string& from, const std::string& to) {
  RESTEM_ASSIGN_OR_RETURN(const auto names, ModelFiles(from));
  for (const std::string& name : names) {
    if (IsWeightFile(name) || name == "adapter_config.json") continue;
    RESTEM_ASSIGN_OR_RETURN(const std::string content, ReadFile(from + "/" + name));
    if (name.starts_with(kTemplates)) RESTEM_RETURN_IF_ERROR(MakeDirs(to + "/" + kTemplates));
    RESTEM_RETURN_IF_ERROR(WriteFileAtomic(to + "/" + name, content));
  }
  return absl::OkStatus();
}

// What the parameters of a checkpoint are stored as, and where their values come from.
class StoredWeights {
 public:
  StoredWeights(const ModelConfig& config, const ParameterFn& parameter, at::ScalarType type)
      : parameter_(parameter),
        type_(type),
        stored_(StoredTensors(config)),
        shapes_(ParameterShapes(config)) {}

  absl::Status write(const std::string& dir) {
    const DType dtype = type_ == at::kBFloat16 ? DType::kBFloat16 : DType::kFloat32;
    std::vector<TensorView> views;
    for (const StoredTensor& tensor : stored_)
      views.push_back({tensor.name, dtype, tensor.shape, /*bytes=*/{}});
    std::vector<at::Tensor> of_shard;
    auto next = stored_.begin();
    return WriteSafetensorsModel(
        dir, std::move(views), [&](std::span<TensorView> shard) -> absl::Status {
          of_shard.clear();
          for (TensorView& view : shard) {
            RESTEM_ASSIGN_OR_RETURN(const at::Tensor tensor, make(*next++));
            view.bytes = {static_cast<const std::byte*>(tensor.const_data_ptr()), tensor.nbytes()};
            of_shard.push_back(tensor);
          }
          return absl::OkStatus();
        });
  }

 private:
  // The parameters that one stored tensor is made of, as it holds them.
  absl::StatusOr<at::Tensor> make(const StoredTensor& stored) const {
    std::vector<at::Tensor> pieces;
    for (const std::string& name : stored.parameters) {
      RESTEM_ASSIGN_OR_RETURN(const at::Tensor tensor, parameter_(name, shapes_.at(name)));
      pieces.push_back(tensor.to(type_));
    }
    const at::Tensor whole = pieces.size() == 1 ? pieces[0] : at::cat(pieces);
    return (stored.transposed ? whole.t() : whole).contiguous();
  }

  const ParameterFn& parameter_;
  const at::ScalarType type_;
  const std::vector<StoredTensor> stored_;
  const std::map<std::string, std::vector<int64_t>> shapes_;
};

// The model's adapter with trained values.
absl::StatusOr<Model> WithTrainedAdapter(Model model, const ParameterFn& parameter) {
  for (AdapterModule& module : model.weights.adapter) {
    RESTEM_ASSIGN_OR_RETURN(module.a,
                            parameter(module.name + ".lora_A.weight", module.a.sizes().vec()));
    RESTEM_ASSIGN_OR_RETURN(module.b,
                            parameter(module.name + ".lora_B.weight", module.b.sizes().vec()));
  }
  return model;
}

// The dtype that config.json announces follows what was written.
absl::Status WriteDtype(const std::string& dir, bool bfloat16) {
  RESTEM_ASSIGN_OR_RETURN(const std::string text, ReadFile(dir + "/config.json"));
  nlohmann::ordered_json config = nlohmann::ordered_json::parse(text);
  for (const char* key : {"torch_dtype", "dtype"}) {
    if (config.contains(key)) config[key] = bfloat16 ? "bfloat16" : "float32";
  }
  config.erase("quantization_config");  // 8-bit weights were read as what they stand for
  return WriteFileAtomic(dir + "/config.json", config.dump(2) + "\n");
}

}  // namespace

absl::Status SaveTrained(const Model& model,
                         const ParameterFn& parameter,
                         bool bfloat16,
                         const std::string& dir) {
  const std::string temporary = dir + ".tmp";
  std::error_code ignored;
  // It may hold shards that a process wrote which ended before it had all of them; an adapter is
  // small, and they are none of it.
  if (!model.weights.adapter.empty()) fs::remove_all(temporary, ignored);
  RESTEM_RETURN_IF_ERROR(MakeDirs(temporary));
  RESTEM_RETURN_IF_ERROR(CopyCompanions(model.dir, temporary));
  if (model.weights.adapter.empty()) {
    RESTEM_RETURN_IF_ERROR(WriteDtype(temporary, bfloat16));
    StoredWeights weights(model.config, parameter, bfloat16 ? at::kBFloat16 : at::kFloat);
    RESTEM_RETURN_IF_ERROR(weights.write(temporary));
  } else {
    RESTEM_ASSIGN_OR_RETURN(const Model trained, WithTrainedAdapter(model, parameter));
    RESTEM_RETURN_IF_ERROR(WriteAdapter(trained, temporary));
  }
  fs::remove_all(dir, ignored);
  return RenameFile(temporary, dir);
}

absl::Status SaveModel(const Model& model, bool bfloat16, const std::string& dir) {
  std::map<std::string, at::Tensor> parameters;
  for (const Parameter& parameter : TrainedParameters(model.config, model.weights))
    parameters[parameter.name] = parameter.tensor;
  return SaveTrained(
      model,
      [&](const std::string& name, const std::vector<int64_t>&) -> absl::StatusOr<at::Tensor> {
        return parameters.at(name);
      },
      bfloat16,
      dir);
}

absl::StatusOr<std::vector<std::string>> ModelFiles(const std::string& dir) {
  std::vector<std::string> names;
  const auto list = [&](const std::string& folder, std::error_code& error) {
    for (const auto& entry : fs::directory_iterator(dir + "/" + folder, error)) {
      const std::string name = entry.path().filename().string();
      if (entry.is_regular_file() && !name.ends_with(".tmp")) names.push_back(folder + name);
    }
  };
  std::error_code error;
  list("", error);
  std::error_code without;
  list(std::string(kTemplates) + "/", without);
  if (error) return InvalidInput(fmt::format("cannot list {}: {}", dir, error.message()));
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace restem
