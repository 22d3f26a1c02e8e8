// What a job needs at most, from sizes alone: every completion as long as it may be.
#pragma once

#include <optional>
#include <string>

#include "loop/inputs.h"

namespace restem {

// "12.3 GB".
std::string FormatBytes(double bytes);

// What each process needs of the host for training, but for activations, in so many threads.
double TrainingBytes(const JobInputs& inputs, int64_t threads);
// What it needs on a GPU, where it trains on one.
double GpuTrainingBytes(const JobInputs& inputs);

// What there is of it, in bytes.
struct Machine {
  double memory = 0;
  std::optional<double> free_disk = {};  // where the job writes; none where that cannot be told
};

Machine MachineOf(const Job& job);

// Model, tokens, memory and disk as lines of text, with a warning where the machine has less. The
// keys and values of prompts and the activations of training are not counted.
std::string DescribeNeeds(const JobInputs& inputs, const Machine& machine);

}  // namespace restem
