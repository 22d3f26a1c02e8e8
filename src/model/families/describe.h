// How each family's config.json differs from Llama's: a function fills in what is its own, into a
// config that has the sizes and defaults of Llama's. InvalidInput names file and key of what is not
// implemented.
#pragma once

#include "io/json_file.h"
#include "model/config.h"

namespace restem {

absl::Status DescribeLlama(const JsonFile& file, ModelConfig& config);
absl::Status DescribeMistral(const JsonFile& file, ModelConfig& config);
absl::Status DescribeSmolLm3(const JsonFile& file, ModelConfig& config);
absl::Status DescribePhi3(const JsonFile& file, ModelConfig& config);
absl::Status DescribeOlmo2(const JsonFile& file, ModelConfig& config);
absl::Status DescribeQwen2(const JsonFile& file, ModelConfig& config);
absl::Status DescribeQwen3(const JsonFile& file, ModelConfig& config);
absl::Status DescribeQwen3Moe(const JsonFile& file, ModelConfig& config);
absl::Status DescribeMixtral(const JsonFile& file, ModelConfig& config);
absl::Status DescribeGemma2(const JsonFile& file, ModelConfig& config);
absl::Status DescribeGemma3(const JsonFile& file, ModelConfig& config);
absl::Status DescribeGpt2(const JsonFile& file, ModelConfig& config);

}  // namespace restem
