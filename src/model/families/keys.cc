#include "model/families/keys.h"

#include <fmt/format.h>

namespace restem {

absl::Status Refused(const JsonFile& file, std::string_view key, std::string_view why) {
  return InvalidInput(fmt::format("{}: {}: {}", file.path, key, why));
}

absl::Status RequireFalse(const JsonFile& file, std::string_view key) {
  RESTEM_ASSIGN_OR_RETURN(const bool value, GetBoolOr(file, key, false));
  return value ? Refused(file, key, "true is not supported") : absl::OkStatus();
}

absl::Status ReadActivation(const JsonFile& file,
                            std::string_view key,
                            std::string fallback,
                            ModelConfig& config) {
  RESTEM_ASSIGN_OR_RETURN(const std::string name, GetTextOr(file, key, std::move(fallback)));
  if (name == "silu" || name == "swish") {
    config.activation = kernels::Activation::kSilu;
  } else if (name == "gelu_pytorch_tanh" || name == "gelu_new") {
    config.activation = kernels::Activation::kGeluTanh;
  } else {
    return Refused(
        file,
        key,
        fmt::format("\"{}\" is not supported, must be silu, gelu_pytorch_tanh or gelu_new", name));
  }
  return absl::OkStatus();
}

absl::Status ReadOneRope(const JsonFile& file, const RopeKeys& keys, ModelConfig& config) {
  RESTEM_ASSIGN_OR_RETURN(RopeConfig rope, ReadRope(file, keys, config));
  config.ropes = {std::move(rope)};
  return absl::OkStatus();
}

absl::StatusOr<int64_t> ReadWindow(const JsonFile& file, int64_t fallback) {
  // null is another thing than absent: no window.
  const int64_t absent = file.value.contains("sliding_window") ? 0 : fallback;
  RESTEM_ASSIGN_OR_RETURN(const int64_t window, GetIntOr(file, "sliding_window", absent));
  if (window < 0)
    return Refused(file, "sliding_window", fmt::format("{} must be positive", window));
  return window;
}

absl::Status ReadLayerTypes(const JsonFile& file,
                            int64_t window,
                            const std::function<bool(int64_t layer)>& slides,
                            ModelConfig& config) {
  std::vector<std::string> types;
  if (FindJson(file, "layer_types") != nullptr) {
    RESTEM_ASSIGN_OR_RETURN(types, GetTexts(file, "layer_types"));
    if (static_cast<int64_t>(types.size()) != config.num_hidden_layers) {
      return Refused(
          file,
          "layer_types",
          fmt::format("has {} entries for {} layers", types.size(), config.num_hidden_layers));
    }
  }
  config.layers.resize(static_cast<size_t>(config.num_hidden_layers));
  for (size_t i = 0; i < config.layers.size(); ++i) {
    const bool sliding =
        types.empty() ? slides(static_cast<int64_t>(i)) : types[i] == "sliding_attention";
    if (!types.empty() && !sliding && types[i] != "full_attention") {
      return Refused(
          file,
          "layer_types",
          fmt::format("\"{}\" is not supported, must be full_attention or sliding_attention",
                      types[i]));
    }
    if (sliding && window == 0)
      return Refused(file, "layer_types", "sliding_attention needs sliding_window");
    if (sliding) config.layers[i].window = window;
  }
  return absl::OkStatus();
}

void NoteDropout(const JsonFile& file,
                 std::span<const std::string_view> keys,
                 ModelConfig& config) {
  for (const std::string_view key : keys) {
    const nlohmann::json* value = FindJson(file, key);
    if (value != nullptr && value->is_number() && value->get<double>() != 0.0)
      config.notes.push_back(fmt::format(
          "{}: {} is not applied: there is no dropout here", key, value->get<double>()));
  }
}

}  // namespace restem
