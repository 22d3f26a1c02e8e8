#include "model/families/families.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <vector>

#include "model/families/describe.h"

namespace restem {
namespace {

constexpr NameRule kMixtralNames[] = {
    {"mlp", "block_sparse_moe"}, {"gate_proj", "w1"}, {"up_proj", "w3"}, {"down_proj", "w2"}};

constexpr NameRule kPhi3Names[] = {{"q_proj", "qkv_proj"},
                                   {"k_proj", "qkv_proj"},
                                   {"v_proj", "qkv_proj"},
                                   {"gate_proj", "gate_up_proj"},
                                   {"up_proj", "gate_up_proj"}};

constexpr NameRule kGpt2Keys[] = {{"hidden_size", "n_embd"},
                                  {"num_hidden_layers", "n_layer"},
                                  {"num_attention_heads", "n_head"},
                                  {"max_position_embeddings", "n_positions"},
                                  {"intermediate_size", "n_inner"}};

constexpr NameRule kGpt2Names[] = {{"model", "transformer"},
                                   {"layers", "h"},
                                   {"embed_tokens", "wte"},
                                   {"embed_positions", "wpe"},
                                   {"input_layernorm", "ln_1"},
                                   {"post_attention_layernorm", "ln_2"},
                                   {"norm", "ln_f"},
                                   {"self_attn", "attn"},
                                   {"q_proj", "c_attn"},
                                   {"k_proj", "c_attn"},
                                   {"v_proj", "c_attn"},
                                   {"o_proj", "c_proj"},
                                   {"up_proj", "c_fc"},
                                   {"down_proj", "c_proj"}};

constexpr std::array kFamilies = {
    Family{.model_type = "llama", .describe = DescribeLlama},
    Family{.model_type = "mistral", .describe = DescribeMistral},
    Family{.model_type = "smollm3", .describe = DescribeSmolLm3},
    Family{.model_type = "qwen2", .describe = DescribeQwen2},
    Family{.model_type = "qwen3", .describe = DescribeQwen3, .default_head_dim = 128},
    Family{.model_type = "qwen3_moe", .describe = DescribeQwen3Moe},
    Family{.model_type = "mixtral", .describe = DescribeMixtral, .names = kMixtralNames},
    Family{.model_type = "gemma2", .describe = DescribeGemma2, .default_head_dim = 256},
    Family{.model_type = "gemma3_text", .describe = DescribeGemma3, .default_head_dim = 256},
    Family{
        .model_type = "gemma3",
        .describe = nullptr,
        .refused =
            "\"gemma3\" is the model with images; its text model alone, of model_type gemma3_text, "
            "is supported: save it with Gemma3ForCausalLM"},
    Family{.model_type = "phi3", .describe = DescribePhi3, .names = kPhi3Names},
    Family{.model_type = "olmo2", .describe = DescribeOlmo2},
    Family{.model_type = "gpt2",
           .describe = DescribeGpt2,
           .names = kGpt2Names,
           .transposed_linears = true,
           .optional_prefix = "transformer.",
           .keys = kGpt2Keys,
           .default_intermediate_size = 4},
};

}  // namespace

const Family* FindFamily(std::string_view model_type) {
  const auto found = std::ranges::find(kFamilies, model_type, &Family::model_type);
  return found == kFamilies.end() ? nullptr : &*found;
}

std::string FamilyNames() {
  std::vector<std::string_view> names;
  for (const Family& family : kFamilies)
    if (family.refused.empty()) names.push_back(family.model_type);
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace restem
