// What a job would take on the GPUs of a cluster, by published figures and a model of an optimizer
// step (trainer/step_time.h): a forecast, not a measurement.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "loop/inputs.h"

namespace restem {

// One GPU as its maker describes it, and the adapter that nodes of eight have for each.
struct Gpu {
  std::string_view name;
  double flops;              // a second, bfloat16 products without sparsity
  double memory;             // bytes
  double memory_bandwidth;   // bytes a second
  double node_bandwidth;     // to the others of a node, each way
  double network_bandwidth;  // to other nodes
};

// NVIDIA's data sheets of the SXM modules: NVLink's rate is half of what they give for both ways;
// 200 Gb/s adapters beside an A100, 400 Gb/s beside the others.
inline constexpr std::array<Gpu, 4> kGpus = {{
    {"a100", 312e12, 80e9, 2.04e12, 300e9, 25e9},
    {"h100", 989e12, 80e9, 3.35e12, 450e9, 50e9},
    {"h200", 989e12, 141e9, 4.8e12, 450e9, 50e9},
    {"b200", 2250e12, 180e9, 7.7e12, 900e9, 50e9},
}};

std::vector<std::string_view> GpuNames();
const Gpu* FindGpu(std::string_view name);  // null: none of kGpus

// Lines of text; inputs.ranks are the GPUs, one of kGpus's each.
std::string ForecastOnGpus(const JobInputs& inputs, const Gpu& gpu);

}  // namespace restem
