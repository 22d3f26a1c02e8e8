// Models from HF directories.
#include <ATen/ops/equal.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <optional>
#include <set>

#include "io/safetensors.h"
#include "model/adapter.h"
#include "model/checkpoint.h"
#include "model/families/families.h"
#include "model/fp8.h"
#include "model/stored_tensors.h"
#include "model/tensor_file.h"

namespace restem {
namespace {

std::string ShapeText(const std::vector<int64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

absl::Status CheckNothingExtra(const SafetensorsModel& file,
                               const std::set<std::string>& known,
                               const ModelConfig& config,
                               const std::string& dir) {
  for (const auto& [name, view] : file.tensors()) {
    if (known.contains(name) || IsKnownExtra(config, name)) continue;
    return InvalidInput(
        fmt::format("{}: tensor {} {} is not part of a {} model with this config.json",
                    dir,
                    name,
                    ShapeText(view.shape),
                    config.model_type));
  }
  return absl::OkStatus();
}

absl::StatusOr<Model> ModelOf(const std::string& dir) {
  RESTEM_ASSIGN_OR_RETURN(ModelConfig config, ReadModelConfig(dir));
  std::vector<RopeTable> ropes = RopeTables(config);
  return Model{std::move(config), {}, std::move(ropes), dir};
}

// The tensors of a directory, cut into a model's parameters.
class Loader {
 public:
  Loader(const std::string& dir,
         const ModelConfig& config,
         const SafetensorsModel& file,
         std::optional<at::ScalarType> matrices)
      : dir_(dir),
        config_(config),
        file_(file),
        matrices_(matrices),
        shapes_(ParameterShapes(config)) {}

  absl::StatusOr<Weights> load() {
    for (const StoredTensor& stored : StoredTensors(config_)) RESTEM_RETURN_IF_ERROR(load(stored));
    RESTEM_RETURN_IF_ERROR(CheckNothingExtra(file_, known_, config_, dir_));
    RESTEM_RETURN_IF_ERROR(check_tied());
    Weights weights;
    VisitParameters(config_,
                    weights,
                    [&](const std::string& name, const std::vector<int64_t>&, at::Tensor& tensor) {
                      tensor = parameters_.at(name);
                    });
    return weights;
  }

 private:
  // A copy of the embedding is left out; what is another matrix must not be.
  absl::Status check_tied() const {
    const auto head = file_.tensors().find("lm_head.weight");
    if (!config_.tie_word_embeddings || head == file_.tensors().end()) return absl::OkStatus();
    RESTEM_ASSIGN_OR_RETURN(const at::Tensor copy, MapTensor(head->second, dir_));
    const at::Tensor& embedding = parameters_.at("model.embed_tokens.weight");
    if (copy.sizes() == embedding.sizes() && at::equal(copy.to(embedding.scalar_type()), embedding))
      return absl::OkStatus();
    return InvalidInput(fmt::format(
        "{}: lm_head.weight is not the embedding, though tie_word_embeddings is true: set "
        "it to false in config.json, or remove that tensor",
        dir_));
  }

  absl::StatusOr<TensorView> find(const std::string& name) {
    const Family* family = FindFamily(config_.model_type);
    const std::string_view prefix = family->optional_prefix;
    if (!prefix.empty() && name.starts_with(prefix) && !file_.tensors().contains(name)) {
      const std::string bare = name.substr(prefix.size());
      if (file_.tensors().contains(bare)) {
        known_.insert(bare);
        return file_.get(bare);
      }
    }
    known_.insert(name);
    return file_.get(name);
  }

  absl::StatusOr<at::Tensor> tensor_of(const StoredTensor& stored, const TensorView& view) {
    if (!config_.fp8.used || !IsFp8(view.dtype) || view.shape.size() != 2 || stored.transposed)
      return MapTensor(view, dir_);
    for (const std::string& name : ScaleNames(view.name)) {
      const auto scale = file_.tensors().find(name);
      if (scale == file_.tensors().end()) continue;
      known_.insert(name);
      return Dequantized(view, scale->second, config_.fp8, matrices_ == at::kBFloat16, dir_);
    }
    return InvalidInput(
        fmt::format("{}: tensor {} is of 8 bits and has no scale: neither {} is there",
                    dir_,
                    view.name,
                    fmt::join(ScaleNames(view.name), " nor ")));
  }

  absl::Status load(const StoredTensor& stored) {
    RESTEM_ASSIGN_OR_RETURN(const TensorView view, find(stored.name));
    if (view.shape != stored.shape) {
      return InvalidInput(fmt::format("{}: tensor {} has shape {}, config.json implies {}",
                                      dir_,
                                      view.name,
                                      ShapeText(view.shape),
                                      ShapeText(stored.shape)));
    }
    RESTEM_ASSIGN_OR_RETURN(const at::Tensor mapped, tensor_of(stored, view));
    const at::Tensor whole = stored.transposed ? mapped.t() : mapped;
    int64_t row = 0;
    for (const std::string& name : stored.parameters) {
      const std::vector<int64_t>& shape = shapes_.at(name);
      const at::Tensor own = whole.narrow(0, row, shape[0]);
      const at::ScalarType wanted = shape.size() >= 2 ? matrices_.value_or(own.scalar_type())
                                    : matrices_       ? at::kFloat
                                                      : own.scalar_type();
      parameters_[name] = own.to(wanted).contiguous();
      row += shape[0];
    }
    return absl::OkStatus();
  }

  const std::string& dir_;
  const ModelConfig& config_;
  const SafetensorsModel& file_;
  const std::optional<at::ScalarType> matrices_;  // their dtype; nullopt: all is as it is stored
  const std::map<std::string, std::vector<int64_t>> shapes_;
  std::map<std::string, at::Tensor> parameters_;
  std::set<std::string> known_;  // names of the file that were asked for
};

absl::StatusOr<Model> LoadAs(const std::string& dir, std::optional<at::ScalarType> matrices) {
  RESTEM_ASSIGN_OR_RETURN(const std::string base, BaseOf(dir));
  RESTEM_ASSIGN_OR_RETURN(Model model, ModelOf(base));
  RESTEM_ASSIGN_OR_RETURN(const SafetensorsModel file, SafetensorsModel::open(base));
  Loader loader(base, model.config, file, matrices);
  RESTEM_ASSIGN_OR_RETURN(model.weights, loader.load());
  if (base != dir) RESTEM_RETURN_IF_ERROR(LoadAdapter(dir, model));
  return model;
}

}  // namespace

absl::StatusOr<Model> LoadModel(const std::string& dir, bool bfloat16) {
  return LoadAs(dir, bfloat16 ? at::kBFloat16 : at::kFloat);
}

absl::StatusOr<Model> LoadStoredModel(const std::string& dir) { return LoadAs(dir, std::nullopt); }

absl::StatusOr<Model> InitializeModel(const std::string& dir, uint64_t seed) {
  RESTEM_ASSIGN_OR_RETURN(Model model, ModelOf(dir));
  model.weights = InitialWeights(model.config, seed);
  return model;
}

}  // namespace restem
