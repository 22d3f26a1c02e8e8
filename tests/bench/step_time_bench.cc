// What trainer/step_time.h says of steps on 8 and 64 GPUs. The model is held against measured steps
// of processes in sharding_bench; nothing here was measured on GPUs.
//
//   build/release/tests/bench/step_time_bench
#include <fmt/format.h>

#include <string_view>
#include <tuple>

#include "trainer/step_time.h"

// NVIDIA's figures for an H100 SXM: 989e12 flops, 3.35e12 bytes a second of memory, 450e9 each way
// over NVLink; 50e9 over a 400 Gb/s adapter for each GPU. Of products and links two thirds and
// four fifths are taken to be had, and 10 and 20 us a hop.
int main() {
  using namespace restem;
  struct Case {
    const char* name;
    ModelShape model;
  };
  const Case cases[] = {
      {"0.5B (Qwen2.5 shape)", {24, 14.9e6, 136.1e6, 896, true}},
      {"1.5B (Qwen2.5 shape)", {28, 46.8e6, 233.4e6, 1536, true}},
      {"8B (Llama 3.1 shape)", {32, 218.1e6, 525.3e6, 4096}},
      {"70B (Llama 3.1 shape)", {80, 855.6e6, 1050.7e6, 8192}},
  };
  const double peak = 989e12;
  const Cluster cluster = {peak * 2 / 3, 3.35e12, {0.8 * 450e9, 10e-6}, {0.8 * 50e9, 20e-6}, 8};
  fmt::print("On H100s; 16384 tokens a GPU and step, 1024 of context:\n");
  fmt::print("{:22} GPUs  layout               recompute  s a step    MFU  compute  sent  hidden\n",
             "");
  for (const Case& c : cases) {
    for (const double gpus : {8.0, 64.0}) {
      for (const auto& [name, shards, parts] : {std::tuple("shards", gpus, 1.0),
                                                std::tuple("node", 8.0, 1.0),
                                                std::tuple("shards, 8 parts", gpus / 8, 8.0)}) {
        if (gpus == 8.0 && std::string_view(name) == "node") continue;
        const Layout layout = {.ranks = gpus,
                               .parts = parts,
                               .shards = shards,
                               .tokens = 16384 * gpus,
                               .context = 1024,
                               .recompute = true};
        const StepTime step = PredictStep(c.model, layout, cluster);
        fmt::print("{:22} {:4.0f}  {:20} {:9}  {:8.2f}  {:4.0f}%  {:7.2f}  {:4.2f}  {:6.2f}\n",
                   c.name,
                   gpus,
                   name,
                   "yes",
                   step.total(),
                   100 * step.mfu(c.model, layout, peak),
                   step.compute,
                   step.shards + step.parts + step.replicas,
                   step.hidden);
      }
    }
  }
  return 0;
}
