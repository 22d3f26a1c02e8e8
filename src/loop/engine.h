// The sampling engine of a job.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "loop/inputs.h"
#include "model/decoder.h"
#include "sampler/new_engine.h"

namespace restem {

absl::StatusOr<std::unique_ptr<SamplingEngine>> MakeEngine(const JobInputs& inputs, Model model);

// Loads `dir` and makes an engine of it.
absl::StatusOr<std::unique_ptr<SamplingEngine>> LoadEngine(const JobInputs& inputs,
                                                           const std::string& dir);

}  // namespace restem
