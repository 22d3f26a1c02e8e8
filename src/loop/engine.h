// The sampling engine of a stage: of this process alone, or of neighbouring ranks that compute one
// model together (sampler.tensor_parallel_size).
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "loop/run.h"
#include "model/decoder.h"
#include "sampler/new_engine.h"

namespace restem {

// This process alone.
absl::StatusOr<std::unique_ptr<SamplingEngine>> MakeEngine(const JobInputs& inputs, Model model);

// What a process does for an engine that is called `name`, "sample 03" say.
enum class EngineRole {
  kDraws,   // it has the engine
  kServes,  // it has a part of another's model
  kIdles,   // there are not as many ranks behind it as are wanted
};
EngineRole RoleIn(const Run& run);

// Of a process that draws. `dir` is the model's; the ranks behind it call ServeEngine with the same
// name.
absl::StatusOr<std::unique_ptr<SamplingEngine>> LoadEngine(const Run& run,
                                                           const std::string& dir,
                                                           const std::string& name);
// Of a process that serves: returns when the engine goes.
absl::Status ServeEngine(const Run& run, const std::string& dir, const std::string& name);

}  // namespace restem
