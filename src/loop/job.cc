#include "loop/job.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "config/describe.h"
#include "config/print.h"
#include "config/read.h"

namespace restem {
namespace {

// The run directory is named after the job.
bool IsFolderName(std::string_view name) {
  return !name.empty() && name.front() != '.' && name.find('/') == std::string_view::npos &&
         std::none_of(name.begin(), name.end(), [](char c) { return c >= 0 && c < 0x20; });
}

config::VisitFn VisitOf(Job& job) {
  return [&job](config::Fields& f) { job.visit(f); };
}

void VisitMachine(config::Fields& f, Job& job) {
  VisitDevice(f, job.device);
  f.auto_or("threads", job.threads, {.min = 1, .max = 1024}, "CPU threads; auto: one per core.");
  f.boolean(
      "deterministic",
      job.deterministic,
      "Training computes the very log-probs that sampling recorded, bit for bit. With device: "
      "cuda, samples do not depend on what is computed beside them; the log-probs are equal "
      "up to rounding.");
}

}  // namespace

void VisitDevice(config::Fields& f, std::string& device) {
  static constexpr std::array<std::string_view, 3> kDevices = {"cpu", "cuda", "auto"};
  f.choice("device",
           device,
           kDevices,
           "Where models draw samples and are trained: auto is the CPU. Log-probabilities of given "
           "completions are computed on the CPU in any case.");
}

void EmOptions::visit(config::Fields& f) {
  static constexpr std::array<std::string_view, 2> kInit = {"base", "previous"};
  f.integer("iterations", iterations, {.min = 1, .max = 99}, "Rounds of sampling and training.");
  f.choice("init",
           init,
           kInit,
           "Weights that each training starts from: the base model's, as in ReST-EM, or the "
           "previous iteration's.");
  f.path("sampler_model",
         sampler_model,
         "HF model directory that draws all training samples (distillation); by default the model "
         "being trained.");
}

void Job::visit(config::Fields& f) {
  f.text("name", name, "Name of the run; its directory is <output>/<name>.");
  f.require(!name.empty(), "name", "is missing: the run directory is named after it");
  f.require(name.empty() || IsFolderName(name), "name", "cannot be a folder's name");
  f.integer("seed", seed, {.min = 0}, "All random numbers follow from it.");
  f.path("output", output, "Folder of run directories.");
  f.require(!output.empty(), "output", "is empty: the folder of run directories");
  VisitMachine(f, *this);
  f.section("model", model, "The base model.");
  f.section("data", data, "Problem files.");
  f.require(!data.train.empty() || !data.test.empty(),
            "data",
            "has no problems: give train, test or both");
  f.section("prompt", prompt, "How a problem becomes a prompt.");
  // An assistant's answer has paragraphs and an end of its own.
  if (f.reads() && prompt.chat) sampler.stop.clear();
  f.section("sampler", sampler, "E-step: drawing completions.");
  f.section("reward", reward, "What makes a completion correct.");
  f.section("select", select, "Which correct completions are trained on.");
  f.section("em", em, "The loop.");
  f.section("train", train, "M-step: training on the selected completions.");
  f.optional_section("lora", lora, "Train low-rank matrices only; absent: full fine-tuning.");
  f.require(
      !lora || !deterministic,
      "lora",
      "cannot be had with deterministic: sampling multiplies by merged weights, training by the "
      "adapter's own");
  f.require(!lora || !model.from_scratch,
            "lora",
            "needs a base: with model.from_scratch it would be random numbers for good");
  f.require(!train.gradient_checkpointing || (!lora && !deterministic),
            "train.gradient_checkpointing",
            "cannot be had with lora or deterministic: set it to false");
  f.require(train.tensor_parallel_size == 1 || (!lora && !deterministic),
            "train.tensor_parallel_size",
            "cannot be had with lora or deterministic: set it to 1");
  f.require(!train.offload_optimizer || (device == "cuda" && !lora),
            "train.offload_optimizer",
            "is for device: cuda without lora: set it to false");
  f.require(sampler.tensor_parallel_size == 1 || !lora,
            "sampler.tensor_parallel_size",
            "cannot be had with lora: set it to 1");
  if (f.reads()) {
    evaluate.max_new_tokens = sampler.max_new_tokens;
    // What is wrong with the sampler's is said once, there.
    const bool holds =
        std::find(sampler.stop.begin(), sampler.stop.end(), "") == sampler.stop.end();
    if (holds) evaluate.stop = sampler.stop;
  }
  f.section("evaluate", evaluate, "How test sets are measured.");
  f.section("cluster", cluster, "How processes on one or more machines wait for one another.");
  static constexpr std::array<std::string_view, 2> kControl = {"none", "random"};
  f.choice("control",
           control,
           kControl,
           "random: also train on randomly kept samples of the same count, and compare.");
}

std::string Job::run_directory() const { return (std::filesystem::path(output) / name).string(); }

absl::StatusOr<Job> ReadJob(const std::string& path, std::span<const std::string> sets) {
  Job job;
  RESTEM_RETURN_IF_ERROR(config::ReadYamlFile(path, sets, job));
  return job;
}

absl::StatusOr<Job> ReadJobText(std::string_view text,
                                const std::string& label,
                                const std::string& folder,
                                std::span<const std::string> sets) {
  Job job;
  RESTEM_RETURN_IF_ERROR(
      config::ReadYaml({.text = text, .label = label, .folder = folder}, sets, job));
  return job;
}

std::string PrintJob(const Job& job) {
  Job copy = job;  // a visit takes members by reference
  return config::PrintYaml(VisitOf(copy));
}

std::string JobReference() {
  Job job;
  return config::PrintReference(VisitOf(job));
}

absl::StatusOr<std::vector<std::string>> DiffJobs(std::string_view old_text,
                                                  std::string_view new_text) {
  return config::DiffYaml(old_text, new_text);
}

}  // namespace restem
