#include "model/rope_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string_view>

#include "ops/rope.h"

namespace restem {
namespace {

// The section that is there, and its numbers.
struct Section {
  const JsonFile& file;
  std::string name;

  std::string key(std::string_view of) const { return fmt::format("{}.{}", name, of); }
  absl::StatusOr<double> positive(std::string_view of) const {
    RESTEM_ASSIGN_OR_RETURN(const double value, GetReal(file, key(of)));
    return checked(of, value);
  }
  absl::StatusOr<double> positive_or(std::string_view of, double fallback) const {
    RESTEM_ASSIGN_OR_RETURN(const double value, GetRealOr(file, key(of), fallback));
    return checked(of, value);
  }
  absl::StatusOr<double> checked(std::string_view of, double value) const {
    if (std::isfinite(value) && value > 0.0) return value;
    return InvalidInput(fmt::format("{}: {}: {} must be positive", file.path, key(of), value));
  }
};

absl::StatusOr<std::string> TypeOf(const Section& section) {
  RESTEM_ASSIGN_OR_RETURN(const std::string old,
                          GetTextOr(section.file, section.key("type"), "default"));
  return GetTextOr(section.file, section.key("rope_type"), old);
}

absl::StatusOr<double> ThetaOf(const Section& section, const RopeKeys& keys) {
  RESTEM_ASSIGN_OR_RETURN(const double outside,
                          GetRealOr(section.file, keys.theta, keys.default_theta));
  return section.positive_or("rope_theta", outside);
}

absl::StatusOr<int64_t> RotaryDim(const Section& section,
                                  const RopeKeys& keys,
                                  const ModelConfig& config) {
  RESTEM_ASSIGN_OR_RETURN(const double outside,
                          GetRealOr(section.file, "partial_rotary_factor", 1.0));
  RESTEM_ASSIGN_OR_RETURN(const double share,
                          section.positive_or("partial_rotary_factor", outside));
  const auto dim =
      static_cast<int64_t>(static_cast<double>(config.head_dim) * std::min(share, 1.0));
  if (share == 1.0 || (keys.partial && share < 1.0 && dim >= 2 && dim % 2 == 0)) return dim;
  return InvalidInput(fmt::format(
      "{}: partial_rotary_factor: {} is not supported for {} with head_dim {}: {}",
      section.file.path,
      share,
      config.model_type,
      config.head_dim,
      keys.partial ? "it must give an even number of elements, at most all" : "it must be 1"));
}

// The length that the model was trained for before its context was extended.
absl::StatusOr<double> OriginalLength(const Section& section, const ModelConfig& config) {
  RESTEM_ASSIGN_OR_RETURN(const double outside,
                          GetRealOr(section.file, "original_max_position_embeddings", 0.0));
  if (outside > 0.0) return outside;
  return section.positive_or("original_max_position_embeddings",
                             static_cast<double>(config.max_position_embeddings));
}

// Llama 3.1: long waves are slowed down, short ones stay, and between them it is mixed.
absl::Status ScaleLlama3(const Section& section, const ModelConfig& config, RopeConfig& rope) {
  RESTEM_ASSIGN_OR_RETURN(const double factor, section.positive("factor"));
  RESTEM_ASSIGN_OR_RETURN(const double low, section.positive("low_freq_factor"));
  RESTEM_ASSIGN_OR_RETURN(const double high, section.positive("high_freq_factor"));
  RESTEM_ASSIGN_OR_RETURN(const double length, OriginalLength(section, config));
  if (high <= low) {
    return InvalidInput(fmt::format("{}: {}: {} must be above low_freq_factor, which is {}",
                                    section.file.path,
                                    section.key("high_freq_factor"),
                                    high,
                                    low));
  }
  for (float& frequency : rope.frequencies) {
    const double wave = 2.0 * std::numbers::pi / frequency;
    const double share = std::clamp((length / wave - low) / (high - low), 0.0, 1.0);
    frequency = static_cast<float>((1.0 - share) * frequency / factor + share * frequency);
  }
  return absl::OkStatus();
}

// YaRN (arXiv 2309.00071): between two dimensions, frequencies go over from their own to those
// divided by the factor.
absl::Status ScaleYarn(const Section& section,
                       const ModelConfig& config,
                       double theta,
                       RopeConfig& rope) {
  RESTEM_ASSIGN_OR_RETURN(const double length, OriginalLength(section, config));
  RESTEM_ASSIGN_OR_RETURN(const double factor, section.positive("factor"));
  RESTEM_ASSIGN_OR_RETURN(const double fast, section.positive_or("beta_fast", 32.0));
  RESTEM_ASSIGN_OR_RETURN(const double slow, section.positive_or("beta_slow", 1.0));
  RESTEM_ASSIGN_OR_RETURN(const bool truncate,
                          GetBoolOr(section.file, section.key("truncate"), true));
  const auto dim = static_cast<double>(2 * rope.frequencies.size());
  const auto dimension_of = [&](double rotations) {
    return dim * std::log(length / (rotations * 2.0 * std::numbers::pi)) / (2.0 * std::log(theta));
  };
  double first = dimension_of(fast);
  double last = dimension_of(slow);
  if (truncate) first = std::floor(first), last = std::ceil(last);
  first = std::max(first, 0.0);
  last = std::min(last, dim - 1.0);
  if (first == last) last += 0.001;
  for (size_t i = 0; i < rope.frequencies.size(); ++i) {
    const double slowed = std::clamp((static_cast<double>(i) - first) / (last - first), 0.0, 1.0);
    rope.frequencies[i] =
        static_cast<float>(rope.frequencies[i] * (slowed / factor + (1.0 - slowed)));
  }
  // What attention's scores grow by, in cosines and sines.
  const auto growth = [&](double scale) {
    return factor <= 1.0 ? 1.0 : 0.1 * scale * std::log(factor) + 1.0;
  };
  RESTEM_ASSIGN_OR_RETURN(const double mscale, GetRealOr(section.file, section.key("mscale"), 0.0));
  RESTEM_ASSIGN_OR_RETURN(const double all,
                          GetRealOr(section.file, section.key("mscale_all_dim"), 0.0));
  const double implied = mscale != 0.0 && all != 0.0 ? growth(mscale) / growth(all) : growth(1.0);
  RESTEM_ASSIGN_OR_RETURN(rope.factor, section.positive_or("attention_factor", implied));
  return absl::OkStatus();
}

void LimitContext(double length, std::string_view type, ModelConfig& config) {
  length = std::max(length, 1.0);
  if (length >= static_cast<double>(config.max_position_embeddings)) return;
  config.notes.push_back(fmt::format(
      "rope scaling \"{}\" changes with the length of a sequence: the context is limited "
      "to {} tokens, for which the model was first trained, instead of {}",
      type,
      length,
      config.max_position_embeddings));
  config.max_position_embeddings = static_cast<int64_t>(length);
}

// LongRoPE (arXiv 2402.13753), with the factors for sequences up to the original length.
absl::Status ScaleLongRope(const Section& section, ModelConfig& config, RopeConfig& rope) {
  const std::string key = section.key("short_factor");
  const nlohmann::json* factors = FindJson(section.file, key);
  const size_t wanted = rope.frequencies.size();
  if (factors == nullptr || !factors->is_array() || factors->size() != wanted) {
    return InvalidInput(
        fmt::format("{}: {} must be a list of {} numbers", section.file.path, key, wanted));
  }
  for (size_t i = 0; i < wanted; ++i) {
    const auto& value = (*factors)[i];
    if (!value.is_number() || !(value.get<double>() > 0.0))
      return InvalidInput(fmt::format("{}: {}[{}] must be positive", section.file.path, key, i));
    rope.frequencies[i] /= value.get<float>();
  }
  RESTEM_ASSIGN_OR_RETURN(const double length, OriginalLength(section, config));
  RESTEM_ASSIGN_OR_RETURN(
      const double factor,
      section.positive_or("factor", static_cast<double>(config.max_position_embeddings) / length));
  const double implied = factor <= 1.0 ? 1.0 : std::sqrt(1.0 + std::log(factor) / std::log(length));
  RESTEM_ASSIGN_OR_RETURN(rope.factor, section.positive_or("attention_factor", implied));
  LimitContext(length, "longrope", config);
  return absl::OkStatus();
}

absl::Status Scale(const Section& section, double theta, ModelConfig& config, RopeConfig& rope) {
  RESTEM_ASSIGN_OR_RETURN(std::string type, TypeOf(section));
  // Old names of Phi-3's.
  if (type == "su" || (type == "yarn" && config.model_type == "phi3")) type = "longrope";
  if (type == "default") return absl::OkStatus();
  if (type == "llama3") return ScaleLlama3(section, config, rope);
  if (type == "yarn") return ScaleYarn(section, config, theta, rope);
  if (type == "longrope") return ScaleLongRope(section, config, rope);
  if (type == "dynamic") {  // as "default" up to max_position_embeddings
    RESTEM_ASSIGN_OR_RETURN(const double length, OriginalLength(section, config));
    LimitContext(length, type, config);
    return absl::OkStatus();
  }
  if (type == "linear") {
    RESTEM_ASSIGN_OR_RETURN(const double factor, section.positive("factor"));
    for (float& frequency : rope.frequencies) frequency /= static_cast<float>(factor);
    return absl::OkStatus();
  }
  return InvalidInput(
      fmt::format("{}: {}: RoPE scaling of type \"{}\" is not supported, must be default, linear, "
                  "llama3, yarn, longrope or dynamic",
                  section.file.path,
                  section.name,
                  type));
}

}  // namespace

absl::StatusOr<RopeConfig> ReadRope(const JsonFile& file,
                                    const RopeKeys& keys,
                                    ModelConfig& config) {
  const bool old = !keys.scaling.empty() && FindJson(file, keys.scaling) != nullptr;
  const Section section = {file, old ? keys.scaling : keys.parameters};
  if (const nlohmann::json* there = FindJson(file, section.name);
      there != nullptr && !there->is_object()) {
    return InvalidInput(fmt::format("{}: {}: must be an object", file.path, section.name));
  }
  RESTEM_ASSIGN_OR_RETURN(const double theta, ThetaOf(section, keys));
  RESTEM_ASSIGN_OR_RETURN(const int64_t rotary_dim, RotaryDim(section, keys, config));
  RopeConfig rope = {RopeFrequencies(rotary_dim, theta), 1.0};
  RESTEM_RETURN_IF_ERROR(Scale(section, theta, config, rope));
  return rope;
}

}  // namespace restem
