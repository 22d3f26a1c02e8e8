// Keys of config.json that several families have.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "io/json_file.h"
#include "model/config.h"
#include "model/rope_config.h"

namespace restem {

// "<file>: <key>: <why>".
absl::Status Refused(const JsonFile& file, std::string_view key, std::string_view why);

// A flag that must be absent or false: anything else is not implemented.
absl::Status RequireFalse(const JsonFile& file, std::string_view key);

absl::Status ReadActivation(const JsonFile& file,
                            std::string_view key,
                            std::string fallback,
                            ModelConfig& config);

// The one rotary embedding of all layers.
absl::Status ReadOneRope(const JsonFile& file, const RopeKeys& keys, ModelConfig& config);

// sliding_window, where null is 0 and an absent key is `fallback`.
absl::StatusOr<int64_t> ReadWindow(const JsonFile& file, int64_t fallback);

// `layer_types`, or where it is absent what the family says of a layer: whether its attention
// slides. Such layers get the window.
absl::Status ReadLayerTypes(const JsonFile& file,
                            int64_t window,
                            const std::function<bool(int64_t layer)>& slides,
                            ModelConfig& config);

// Dropout belongs to a training run, not to a model: it is not taken over, which a note tells.
void NoteDropout(const JsonFile& file, std::span<const std::string_view> keys, ModelConfig& config);

}  // namespace restem
