// How a config.json scales rotary frequencies: `rope_theta` with `rope_scaling`, or the
// `rope_parameters` that transformers 5 writes.
#pragma once

#include <string>

#include "io/json_file.h"
#include "model/config.h"

namespace restem {

// Where to look, and what the family takes for granted.
struct RopeKeys {
  std::string theta = "rope_theta";  // outside a section
  double default_theta = 10000.0;
  std::string scaling = "rope_scaling";        // the old section; empty: there is none
  std::string parameters = "rope_parameters";  // the new one
  bool partial = false;                        // partial_rotary_factor is understood
};

// Understands the types default, linear, llama3, yarn, longrope and dynamic. The last two change
// with a sequence's length beyond what the model was first trained for; as keys are computed once,
// config.max_position_embeddings is lowered to that length, which a note tells. Needs head_dim and
// max_position_embeddings. InvalidInput names another type, a missing or a senseless number.
absl::StatusOr<RopeConfig> ReadRope(const JsonFile& file,
                                    const RopeKeys& keys,
                                    ModelConfig& config);

}  // namespace restem
