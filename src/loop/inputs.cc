#include "loop/inputs.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "base/file.h"
#include "base/log.h"
#include "comm/launch.h"
#include "comm/own_gpu.h"
#include "data/data_files.h"
#include "data/problems.h"
#include "model/adapter.h"
#include "model/checkpoint.h"
#include "reward/make_verifier.h"

namespace restem {
namespace {

// With data.long_prompts: skip. Otherwise such a problem is named once the model is checked.
absl::Status SkipLongPrompts(const JobInputs& inputs, ProblemSet& set) {
  ProblemSet kept;
  std::string first;
  for (size_t i = 0; i < set.problems.size(); ++i) {
    if (!inputs.base.holds_prompt(set.prompts[i].size())) {
      if (++set.skipped == 1) first = set.problems[i].id;
      continue;
    }
    kept.problems.push_back(std::move(set.problems[i]));
    kept.prompts.push_back(std::move(set.prompts[i]));
    kept.prompt_texts.push_back(std::move(set.prompt_texts[i]));
  }
  set.problems = std::move(kept.problems);
  set.prompts = std::move(kept.prompts);
  set.prompt_texts = std::move(kept.prompt_texts);
  if (set.skipped == 0) return absl::OkStatus();
  const std::string why =
      fmt::format("the model's context holds {} tokens, their prompts have more, that of {} first",
                  inputs.base.max_position_embeddings,
                  first);
  if (set.problems.empty())
    return InvalidInput(fmt::format("{}: no problem is left: {}", set.name, why));
  spdlog::warn("{}: {} problems are skipped: {}", set.name, set.skipped, why);
  return absl::OkStatus();
}

// What prompts, reward and training read of a problem.
UsedFields FieldsUsed(const JobInputs& inputs, const std::vector<std::string>& prompt) {
  UsedFields used;
  used.prompt.insert(prompt.begin(), prompt.end());
  const auto reward = inputs.verifier->reads();
  used.all = !reward.has_value();
  if (reward) used.names.insert(reward->begin(), reward->end());
  if (inputs.trains_on_solutions() || inputs.job.train.early_stop == "loss")
    used.names.insert("solution");
  return used;
}

absl::StatusOr<ProblemSet> LoadSet(const std::string& name,
                                   std::span<const DatasetOptions> files,
                                   const JobInputs& inputs,
                                   const PromptTemplate& prompt) {
  ProblemSet set;
  set.name = name;
  RESTEM_ASSIGN_OR_RETURN(
      set.problems,
      LoadProblems(files, inputs.job.data.fields, FieldsUsed(inputs, prompt.fields())));
  for (const Problem& problem : set.problems) {
    auto text = prompt.render(problem.fields, problem.id);
    if (!text.ok()) return Annotate(text.status(), problem.source);
    set.prompts.push_back(inputs.tokenizer->encode(*text, prompt.add_special_tokens()));
    set.prompt_texts.push_back(*std::move(text));
  }
  if (inputs.job.data.long_prompts == "skip") RESTEM_RETURN_IF_ERROR(SkipLongPrompts(inputs, set));
  return set;
}

// The end-of-sequence id behind a human solution. A chat template says which one ends an answer.
std::optional<int32_t> SolutionEnd(const JobInputs& inputs, const PromptTemplate& prompt) {
  const std::vector<int32_t>& ends = inputs.base.eos_token_ids;
  for (const int32_t id : inputs.tokenizer->encode(prompt.after_answer(), false))
    if (std::find(ends.begin(), ends.end(), id) != ends.end()) return id;
  if (ends.empty()) return std::nullopt;
  return ends.front();
}

absl::Status LoadSets(JobInputs& inputs) {
  const DataOptions& data = inputs.job.data;
  RESTEM_ASSIGN_OR_RETURN(const PromptTemplate prompt,
                          PromptTemplate::make(inputs.job.prompt, inputs.base_dir));
  inputs.solution_end = SolutionEnd(inputs, prompt);
  if (!data.train.empty()) {
    RESTEM_ASSIGN_OR_RETURN(inputs.train, LoadSet("train", data.train, inputs, prompt));
  }
  if (!data.validation.empty()) {
    RESTEM_ASSIGN_OR_RETURN(inputs.validation,
                            LoadSet("validation", data.validation, inputs, prompt));
  }
  for (const DatasetOptions& file : data.test) {
    RESTEM_ASSIGN_OR_RETURN(auto set, LoadSet(file.name, std::span(&file, 1), inputs, prompt));
    inputs.tests.push_back(std::move(set));
  }
  return absl::OkStatus();
}

absl::Status HashFolder(const std::string& dir, std::map<std::string, std::string>& hashes) {
  if (dir.empty()) return absl::OkStatus();
  RESTEM_ASSIGN_OR_RETURN(auto files, ModelFiles(dir));
  for (const std::string& file : files) {
    RESTEM_ASSIGN_OR_RETURN(hashes[dir + "/" + file], HashFile(dir + "/" + file));
  }
  return absl::OkStatus();
}

// The cores for this process: those that a launcher has bound it to, else an equal part of the
// machine's.
int64_t OwnCores(const Launch& launch) {
  const int64_t usable = std::max(1U, std::thread::hardware_concurrency());
  const bool bound = launch.binds && usable < ::sysconf(_SC_NPROCESSORS_ONLN);
  return bound ? usable : std::max<int64_t>(1, usable / launch.local_size);
}

}  // namespace

absl::Status CheckTokenizerFits(const Tokenizer& tokenizer, const ModelConfig& config) {
  if (tokenizer.vocab_size() <= config.vocab_size) return absl::OkStatus();
  return InvalidInput(
      fmt::format("{}: the tokenizer has {} tokens, the model's embedding only {} rows "
                  "(config.json: vocab_size)",
                  tokenizer.file(),
                  tokenizer.vocab_size(),
                  config.vocab_size));
}

absl::StatusOr<JobInputs> LoadInputs(Job job) {
  JobInputs inputs;
  inputs.job = std::move(job);
  RESTEM_ASSIGN_OR_RETURN(const Launch launch, ReadLaunch(ProcessEnvironment));
  if (inputs.on_gpu()) RESTEM_RETURN_IF_ERROR(SeeOwnGpuOnly(launch));
  inputs.ranks = launch.world_size;
  inputs.lanes = inputs.job.threads.value_or(OwnCores(launch));
  RESTEM_ASSIGN_OR_RETURN(inputs.base_dir, BaseOf(inputs.job.model.base));
  RESTEM_ASSIGN_OR_RETURN(inputs.base, ReadModelConfig(inputs.base_dir));
  for (const std::string& note : inputs.base.notes)
    spdlog::warn("{}: {}", inputs.job.model.base, note);
  RESTEM_ASSIGN_OR_RETURN(inputs.tokenizer, Tokenizer::load(inputs.base_dir));
  RESTEM_RETURN_IF_ERROR(CheckTokenizerFits(*inputs.tokenizer, inputs.base));
  RESTEM_ASSIGN_OR_RETURN(inputs.verifier, MakeVerifier(inputs.job.reward));
  RESTEM_RETURN_IF_ERROR(LoadSets(inputs));
  return inputs;
}

absl::StatusOr<std::map<std::string, std::string>> HashInputs(const Job& job) {
  std::map<std::string, std::string> hashes;
  RESTEM_RETURN_IF_ERROR(HashFolder(job.model.base, hashes));
  RESTEM_RETURN_IF_ERROR(HashFolder(job.em.sampler_model, hashes));
  for (const std::string& dir : {job.model.base, job.em.sampler_model}) {
    RESTEM_ASSIGN_OR_RETURN(const std::string base, BaseOf(dir));
    if (base != dir) RESTEM_RETURN_IF_ERROR(HashFolder(base, hashes));
  }
  for (const auto* files : {&job.data.train, &job.data.validation, &job.data.test}) {
    for (const DatasetOptions& file : *files) {
      RESTEM_ASSIGN_OR_RETURN(const auto paths, DataFiles(file.path));
      for (const std::string& path : paths) {
        RESTEM_ASSIGN_OR_RETURN(hashes[path], HashFile(path));
      }
    }
  }
  if (job.reward.spec != nullptr) {
    for (const std::string& file : job.reward.spec->files()) {
      RESTEM_ASSIGN_OR_RETURN(hashes[file], HashFile(file));
    }
  }
  if (!job.prompt.few_shot.empty()) {
    RESTEM_ASSIGN_OR_RETURN(hashes[job.prompt.few_shot], HashFile(job.prompt.few_shot));
  }
  return hashes;
}

}  // namespace restem
