#include "model/part.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace restem {
namespace {

// Rows of the vocabulary of every part but the last, which may have fewer.
int64_t TokensOfPart(const ModelConfig& whole, const Part& part) {
  return (whole.vocab_size + part.count - 1) / part.count;
}

absl::Status CannotCut(const ModelConfig& whole, const Part& part, const std::string& why) {
  return InvalidInput(
      fmt::format("a {} model cannot be cut into {} parts: {}", whole.model_type, part.count, why));
}

}  // namespace

int64_t FirstToken(const ModelConfig& whole, const Part& part) {
  return part.index * TokensOfPart(whole, part);
}

absl::StatusOr<ModelConfig> PartConfig(const ModelConfig& whole, const Part& part) {
  ModelConfig config = whole;
  struct Count {
    const char* name;
    int64_t& value;
  };
  for (const Count& count : {Count{"num_attention_heads", config.num_attention_heads},
                             Count{"num_key_value_heads", config.num_key_value_heads},
                             Count{"intermediate_size", config.intermediate_size},
                             Count{"moe_intermediate_size", config.experts.intermediate_size}}) {
    const bool is_shared =
        &count.value == &config.num_key_value_heads && part.count % count.value == 0;
    if (is_shared) {
      count.value = 1;
      continue;
    }
    if (count.value % part.count != 0)
      return CannotCut(
          whole, part, fmt::format("its {} {} is not a multiple", count.name, count.value));
    count.value /= part.count;
  }
  if (part.count > 1 && whole.qk_norm == QkNorm::kAllHeads)
    return CannotCut(whole, part, "its queries are normalized over all heads together");
  if (FirstToken(whole, {part.count - 1, part.count}) >= whole.vocab_size)
    return CannotCut(
        whole, part, fmt::format("its vocabulary of {} is too small", whole.vocab_size));
  config.vocab_size =
      std::min(TokensOfPart(whole, part), whole.vocab_size - FirstToken(whole, part));
  return config;
}

PartCut CutOf(const std::vector<int64_t>& whole,
              const std::vector<int64_t>& of_part,
              const Part& part) {
  for (size_t i = 0; i < whole.size(); ++i) {
    if (whole[i] == of_part[i]) continue;
    // The last of uneven shares has less than the others; even ones may be fewer than parts.
    const bool fewer = whole[i] % of_part[i] == 0 && whole[i] / of_part[i] < part.count;
    const int64_t shares = fewer ? whole[i] / of_part[i] : part.count;
    const int64_t parts_each = part.count / shares;
    const int64_t largest = (whole[i] + shares - 1) / shares;
    return {static_cast<int64_t>(i), part.index / parts_each * largest, of_part[i], parts_each};
  }
  return {};
}

absl::StatusOr<Model> PartOf(const Model& whole, const Part& part) {
  RESTEM_ASSIGN_OR_RETURN(ModelConfig config, PartConfig(whole.config, part));
  if (part.count > 1 && !whole.weights.adapter.empty())
    return CannotCut(whole.config, part, "it has an adapter; merge that into its weights first");
  std::map<std::string, at::Tensor> tensors;
  for (const Parameter& parameter : Parameters(whole.config, whole.weights))
    tensors[parameter.name] = parameter.tensor;
  Model model = {std::move(config), {}, whole.ropes, whole.dir};
  model.first_token = FirstToken(whole.config, part);
  model.vocabulary = whole.config.vocab_size;
  VisitParameters(model.config,
                  model.weights,
                  [&](const std::string& name, const std::vector<int64_t>& shape, at::Tensor& t) {
                    t = tensors.at(name);
                    const PartCut cut = CutOf(t.sizes().vec(), shape, part);
                    if (cut.dimension >= 0) t = t.narrow(cut.dimension, cut.first, cut.count);
                  });
  return model;
}

// Those that are applied to heads or experts, of which each part has its own; keys and values where
// they have one head.
bool HasGradientOfPart(std::string_view parameter) {
  static constexpr std::array<std::string_view, 5> kLayers = {
      ".q_norm.", ".k_norm.", ".k_proj.", ".v_proj.", ".mlp.gate."};
  return std::ranges::any_of(kLayers, [&](std::string_view layer) {
    return parameter.find(layer) != std::string_view::npos;
  });
}

}  // namespace restem
