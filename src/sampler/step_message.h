// What the first rank of a model in parts (ops/model_parts.h) tells the others to compute with it.
#pragma once

#include <optional>

#include "ops/model_parts.h"
#include "sampler/step.h"

namespace restem {

void SendStep(ModelParts& parts, const StepRows& rows);
// There are no more.
void SendNoMoreSteps(ModelParts& parts);
// The others': waits for either; nullopt: no more.
std::optional<StepRows> ReceiveStep(ModelParts& parts);

}  // namespace restem
