#include "model/checkpoint.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string_view>

#include "base/file.h"
#include "io/safetensors.h"

namespace restem {
namespace {

namespace fs = std::filesystem;

std::optional<at::ScalarType> ScalarTypeOf(DType dtype) {
  switch (dtype) {
    case DType::kFloat32:
      return at::kFloat;
    case DType::kBFloat16:
      return at::kBFloat16;
    case DType::kFloat16:
      return at::kHalf;
    default:
      return std::nullopt;
  }
}

std::string ShapeText(const std::vector<int64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

// The tensor over the mapped bytes; `file` stays alive as long as the tensor does.
absl::StatusOr<at::Tensor> MapTensor(const std::shared_ptr<const SafetensorsModel>& file,
                                     const TensorView& view,
                                     const std::string& dir) {
  const auto type = ScalarTypeOf(view.dtype);
  if (!type) {
    return InvalidInput(
        fmt::format("{}: tensor {} has dtype {}; float32, bfloat16 and float16 are supported",
                    dir,
                    view.name,
                    ToString(view.dtype)));
  }
  // The map is read-only: writing through this tensor would fault, and nothing does.
  void* data = const_cast<std::byte*>(view.bytes.data());
  at::Tensor tensor = at::from_blob(
      data, view.shape, /*deleter=*/[file](void*) {}, at::TensorOptions(*type));
  const bool aligned = reinterpret_cast<uintptr_t>(data) % ElementSize(view.dtype) == 0;
  if (aligned) return tensor;
  at::Tensor copy = at::empty(view.shape, at::TensorOptions(*type));
  std::memcpy(copy.mutable_data_ptr(), data, view.bytes.size());
  return copy;
}

absl::Status CheckNothingExtra(const SafetensorsModel& file,
                               const std::set<std::string>& known,
                               const ModelConfig& config,
                               const std::string& dir) {
  for (const auto& [name, view] : file.tensors()) {
    if (known.contains(name)) continue;
    if (config.tie_word_embeddings && name == "lm_head.weight")
      continue;                                            // a copy that some tools write
    if (name.ends_with(".rotary_emb.inv_freq")) continue;  // a constant that old tools wrote
    return InvalidInput(
        fmt::format("{}: tensor {} {} is not part of a {} model with this config.json",
                    dir,
                    name,
                    ShapeText(view.shape),
                    config.model_type));
  }
  return absl::OkStatus();
}

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
    if (IsWeightFile(name)) continue;
    RESTEM_ASSIGN_OR_RETURN(const std::string content, ReadFile(from + "/" + name));
    if (name.starts_with(kTemplates)) RESTEM_RETURN_IF_ERROR(MakeDirs(to + "/" + kTemplates));
    RESTEM_RETURN_IF_ERROR(WriteFileAtomic(to + "/" + name, content));
  }
  return absl::OkStatus();
}

absl::Status WriteWeights(const Model& model, bool bfloat16, const std::string& dir) {
  std::vector<Parameter> parameters = Parameters(model.config, model.weights);
  std::vector<TensorView> views;
  for (Parameter& parameter : parameters) {
    parameter.tensor = parameter.tensor.to(bfloat16 ? at::kBFloat16 : at::kFloat).contiguous();
    views.push_back({parameter.name,
                     bfloat16 ? DType::kBFloat16 : DType::kFloat32,
                     parameter.tensor.sizes().vec(),
                     {static_cast<const std::byte*>(parameter.tensor.const_data_ptr()),
                      parameter.tensor.nbytes()}});
  }
  return WriteSafetensorsModel(dir, views);
}

// The dtype that config.json announces follows what was written.
absl::Status WriteDtype(const std::string& dir, bool bfloat16) {
  RESTEM_ASSIGN_OR_RETURN(const std::string text, ReadFile(dir + "/config.json"));
  nlohmann::ordered_json config = nlohmann::ordered_json::parse(text);
  for (const char* key : {"torch_dtype", "dtype"}) {
    if (config.contains(key)) config[key] = bfloat16 ? "bfloat16" : "float32";
  }
  return WriteFileAtomic(dir + "/config.json", config.dump(2) + "\n");
}

absl::StatusOr<Model> ModelOf(const std::string& dir) {
  RESTEM_ASSIGN_OR_RETURN(ModelConfig config, ReadModelConfig(dir));
  RopeTable rope =
      MakeRopeTable(config.max_position_embeddings, config.head_dim, config.rope_theta);
  return Model{std::move(config), {}, std::move(rope), dir};
}

}  // namespace

absl::StatusOr<Model> LoadModel(const std::string& dir, bool bfloat16) {
  RESTEM_ASSIGN_OR_RETURN(Model model, ModelOf(dir));
  RESTEM_ASSIGN_OR_RETURN(SafetensorsModel opened, SafetensorsModel::open(dir));
  const auto file = std::make_shared<const SafetensorsModel>(std::move(opened));
  std::set<std::string> known;
  absl::Status status;
  const auto load = [&](const std::string& name,
                        const std::vector<int64_t>& shape) -> absl::StatusOr<at::Tensor> {
    RESTEM_ASSIGN_OR_RETURN(const TensorView view, file->get(name));
    if (view.shape != shape) {
      return InvalidInput(fmt::format("{}: tensor {} has shape {}, config.json implies {}",
                                      dir,
                                      name,
                                      ShapeText(view.shape),
                                      ShapeText(shape)));
    }
    RESTEM_ASSIGN_OR_RETURN(const at::Tensor tensor, MapTensor(file, view, dir));
    return tensor.to(bfloat16 && shape.size() >= 2 ? at::kBFloat16 : at::kFloat);
  };
  VisitParameters(
      model.config,
      model.weights,
      [&](const std::string& name, const std::vector<int64_t>& shape, at::Tensor& tensor) {
        known.insert(name);
        if (!status.ok()) return;
        auto loaded = load(name, shape);
        status = loaded.status();
        if (loaded.ok()) tensor = *std::move(loaded);
      });
  RESTEM_RETURN_IF_ERROR(status);
  RESTEM_RETURN_IF_ERROR(CheckNothingExtra(*file, known, model.config, dir));
  return model;
}

absl::StatusOr<Model> InitializeModel(const std::string& dir, uint64_t seed) {
  RESTEM_ASSIGN_OR_RETURN(Model model, ModelOf(dir));
  model.weights = InitialWeights(model.config, seed);
  return model;
}

absl::Status SaveModel(const Model& model, bool bfloat16, const std::string& dir) {
  const std::string temporary = dir + ".tmp";
  std::error_code ignored;
  fs::remove_all(temporary, ignored);
  RESTEM_RETURN_IF_ERROR(MakeDirs(temporary));
  RESTEM_RETURN_IF_ERROR(CopyCompanions(model.dir, temporary));
  RESTEM_RETURN_IF_ERROR(WriteDtype(temporary, bfloat16));
  RESTEM_RETURN_IF_ERROR(WriteWeights(model, bfloat16, temporary));
  fs::remove_all(dir, ignored);
  return RenameFile(temporary, dir);
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
