#include "loop/preflight.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/shutdown.h"
#include "data/problems.h"
#include "loop/estimate.h"
#include "loop/solutions.h"
#include "model/adapter.h"
#include "model/checkpoint.h"
#include "model/part.h"
#include "reward/preflight.h"
#include "text/checks.h"

namespace restem {
namespace {

// All sets with their names.
std::vector<const ProblemSet*> SetsOf(const JobInputs& inputs) {
  std::vector<const ProblemSet*> sets;
  for (const ProblemSet* set : {&inputs.train, &inputs.validation}) {
    if (!set->problems.empty()) sets.push_back(set);
  }
  for (const ProblemSet& set : inputs.tests) sets.push_back(&set);
  return sets;
}

RewardProof Prove(const JobInputs& inputs, const ProblemSet& set) {
  return ProveReward(*inputs.verifier,
                     set.problems,
                     static_cast<uint64_t>(inputs.job.seed),
                     inputs.scoring().jobs);
}

absl::Status CheckPromptLengths(const JobInputs& inputs, const ProblemSet& set) {
  for (size_t i = 0; i < set.prompts.size(); ++i) {
    const size_t length = set.prompts[i].size();
    if (length > 0 && inputs.base.holds_prompt(length)) continue;
    return InvalidInput(
        fmt::format("{}: the prompt of problem {} has {} tokens, the model's context holds {}; "
                    "shorten or drop it, or set data.long_prompts: skip",
                    set.problems[i].source,
                    set.problems[i].id,
                    length,
                    inputs.base.max_position_embeddings));
  }
  return absl::OkStatus();
}

// Another model's samples train the base: its ids must mean the same.
absl::Status CheckSamplerModel(const JobInputs& inputs) {
  const std::string& dir = inputs.job.em.sampler_model;
  if (dir.empty()) return absl::OkStatus();
  RESTEM_ASSIGN_OR_RETURN(const Model sampler, LoadModel(dir, inputs.bfloat16()));
  RESTEM_RETURN_IF_ERROR(Annotate(
      PartOf(sampler, {0, inputs.job.sampler.tensor_parallel_size}).status(), "em.sampler_model"));
  RESTEM_ASSIGN_OR_RETURN(const std::string base, BaseOf(dir));
  RESTEM_ASSIGN_OR_RETURN(const auto other, Tokenizer::load(base));
  const int64_t size = std::max(inputs.tokenizer->vocab_size(), other->vocab_size());
  for (int32_t id = 0; id < size; ++id) {
    const std::string_view base_token = inputs.tokenizer->id_to_token(id);
    const std::string_view other_token = other->id_to_token(id);
    if (base_token == other_token) continue;
    return InvalidInput(fmt::format(
        "em.sampler_model: {} and {} differ: id {} is \"{}\" and \"{}\"; the model that "
        "draws must share the base's tokenizer",
        inputs.tokenizer->file(),
        other->file(),
        id,
        base_token,
        other_token));
  }
  return absl::OkStatus();
}

// Human solutions, where the job learns from them or is measured by them.
absl::Status CheckSolutions(const JobInputs& inputs) {
  if (inputs.trains_on_solutions())
    RESTEM_RETURN_IF_ERROR(SolutionExamples(inputs, inputs.train, kSftNeeds).status());
  if (inputs.job.train.early_stop == "loss")
    RESTEM_RETURN_IF_ERROR(SolutionExamples(inputs, inputs.validation, kLossNeeds).status());
  return absl::OkStatus();
}

std::string DescribeSet(const JobInputs& inputs, const ProblemSet& set, const RewardProof& proof) {
  int64_t total = 0;
  int64_t longest = 0;
  for (const auto& prompt : set.prompts) {
    total += static_cast<int64_t>(prompt.size());
    longest = std::max(longest, static_cast<int64_t>(prompt.size()));
  }
  const auto count = static_cast<int64_t>(set.problems.size());
  std::string text = fmt::format("{}: {} problems, prompts of {} tokens on average, {} at most\n",
                                 set.name,
                                 count,
                                 total / count,
                                 longest);
  if (set.skipped > 0)
    text += fmt::format("  skipped: {} problems, whose prompts the context does not hold\n",
                        set.skipped);
  text += fmt::format("  reward: {} of {} gold answers accepted, {} of {} shuffled ones refused\n",
                      proof.gold_correct,
                      proof.gold_tried,
                      proof.shuffled_wrong,
                      proof.shuffled_tried);
  if (proof.empty_tried > 0)
    text += fmt::format(
        "  reward: {} of {} empty completions refused\n", proof.empty_wrong, proof.empty_tried);
  if (proof.without_gold > 0) {
    text += fmt::format(
        "  note: for {} of the problems the reward knows no correct completion: there it is not "
        "proved\n",
        proof.without_gold);
  }
  const int64_t room = inputs.base.max_position_embeddings - longest;
  if (room < inputs.job.sampler.max_new_tokens) {
    text += fmt::format(
        "  note: behind the longest prompt the context leaves {} tokens, less than "
        "sampler.max_new_tokens {}\n",
        room,
        inputs.job.sampler.max_new_tokens);
  }
  return text;
}

// What the model is asked with, the chat template's marks and white space included.
std::string DescribePrompt(const ProblemSet& set) {
  return fmt::format("a prompt, that of problem {}:\n-----\n{}\n-----\n",
                     set.problems.front().id,
                     set.prompt_texts.front());
}

// What the job asks for and gives no data for.
std::string DescribeGaps(const JobInputs& inputs) {
  std::string text;
  if (inputs.train.problems.empty())
    text += "note: data.train is empty: the base is evaluated, nothing is trained\n";
  else if (inputs.job.train.early_stop != "none" && inputs.validation.problems.empty())
    text += fmt::format(
        "note: train.early_stop is {}, but data.validation is empty: training goes on to its last "
        "step\n",
        inputs.job.train.early_stop);
  return text;
}

std::string DescribeOverlaps(const JobInputs& inputs) {
  std::string text;
  std::vector<const ProblemSet*> held_out = SetsOf(inputs);
  for (const ProblemSet* set : held_out) {
    if (set == &inputs.train) continue;
    const auto shared = FindSharedProblems(inputs.train.problems, set->problems);
    if (shared.empty()) continue;
    const auto questions = std::count_if(
        shared.begin(), shared.end(), [](const SharedProblem& both) { return both.same_question; });
    text += fmt::format(
        "warning: {} shares {} problems with train ({} by question, {} by id), for example {} ({}) "
        "and {} ({})\n",
        set->name,
        shared.size(),
        questions,
        static_cast<ptrdiff_t>(shared.size()) - questions,
        shared[0].first->id,
        shared[0].first->source,
        shared[0].second->id,
        shared[0].second->source);
  }
  return text;
}

absl::Status CheckBase(const JobInputs& inputs) {
  const Job& job = inputs.job;
  if (job.model.from_scratch) return absl::OkStatus();
  RESTEM_ASSIGN_OR_RETURN(const Model model, LoadModel(job.model.base, inputs.bfloat16()));
  const std::vector<AdapterModule>& adapter = model.weights.adapter;
  if (!job.lora && !adapter.empty()) {
    return InvalidInput(
        fmt::format("model.base: {} holds an adapter, so that only it can be trained: add a lora "
                    "section, or merge it into its base first",
                    job.model.base));
  }
  if (!job.lora) return absl::OkStatus();
  if (adapter.empty()) return CheckAdapterTargets(model.config, *job.lora);
  const AdapterModule& first = adapter.front();
  const auto rank = first.a.size(0);
  const double scale = job.lora->lora_alpha / static_cast<double>(job.lora->r);
  if (rank == job.lora->r && first.scale == scale && first.dropout == job.lora->lora_dropout)
    return absl::OkStatus();
  return InvalidInput(
      fmt::format("lora: r is {}, lora_alpha / r {}, lora_dropout {}, but {}, {} and {} in the "
                  "adapter that {} holds, "
                  "which is trained further",
                  job.lora->r,
                  scale,
                  job.lora->lora_dropout,
                  rank,
                  first.scale,
                  first.dropout,
                  job.model.base));
}

// That it can be cut into as many parts as the job wants.
absl::Status CheckParts(const ModelConfig& model, int64_t parts) {
  return Annotate(PartConfig(model, {0, parts}).status(), "tensor_parallel_size");
}

}  // namespace

int64_t FewestRanks(const Job& job) {
  return std::max(job.sampler.tensor_parallel_size, job.train.tensor_parallel_size);
}

absl::Status CheckRanks(const JobInputs& inputs) {
  const int64_t fewest = FewestRanks(inputs.job);
  if (inputs.ranks >= fewest) return absl::OkStatus();
  return InvalidInput(
      fmt::format("tensor_parallel_size {} needs as many processes, not {}: start "
                  "them with torchrun, srun or mpirun",
                  fewest,
                  inputs.ranks));
}

absl::Status CheckModel(const JobInputs& inputs) {
  const Job& job = inputs.job;
  for (const int64_t parts : {job.sampler.tensor_parallel_size, job.train.tensor_parallel_size})
    RESTEM_RETURN_IF_ERROR(CheckParts(inputs.base, parts));
  RESTEM_RETURN_IF_ERROR(CheckBase(inputs));
  RESTEM_RETURN_IF_ERROR(CheckSamplerModel(inputs));
  if (inputs.base.eos_token_ids.empty() && job.sampler.stop.empty()) {
    return InvalidInput(fmt::format(
        "{}: no eos_token_id and no sampler.stop: no completion could end", job.model.base));
  }
  for (const ProblemSet* set : SetsOf(inputs)) {
    RESTEM_RETURN_IF_ERROR(CheckPromptLengths(inputs, *set));
  }
  RESTEM_RETURN_IF_ERROR(CheckSolutions(inputs));
  if (inputs.base.eos_token_ids.empty()) return absl::OkStatus();  // stop strings end completions
  return CheckEosRoundTrip(*inputs.tokenizer, inputs.base.eos_token_ids);
}

absl::Status CheckReward(const JobInputs& inputs) {
  RESTEM_RETURN_IF_ERROR(inputs.verifier->prove().status());
  for (const ProblemSet* set : SetsOf(inputs)) {
    const RewardProof proof = Prove(inputs, *set);
    RESTEM_RETURN_IF_ERROR(CheckStop());  // the proof is not whole then
    RESTEM_RETURN_IF_ERROR(Annotate(CheckProof(proof), set->name));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Preflight(const JobInputs& inputs) {
  RESTEM_RETURN_IF_ERROR(CheckModel(inputs));
  RESTEM_ASSIGN_OR_RETURN(std::string findings, inputs.verifier->prove());
  if (!findings.empty()) findings += '\n';
  for (const ProblemSet* set : SetsOf(inputs)) {
    const RewardProof proof = Prove(inputs, *set);
    RESTEM_RETURN_IF_ERROR(CheckStop());
    RESTEM_RETURN_IF_ERROR(Annotate(CheckProof(proof), set->name));
    findings += DescribeSet(inputs, *set, proof);
  }
  if (!SetsOf(inputs).empty()) findings += DescribePrompt(*SetsOf(inputs).front());
  return findings + DescribeGaps(inputs) + DescribeOverlaps(inputs) +
         DescribeNeeds(inputs, MachineOf(inputs.job)) + "the job is sound\n";
}

}  // namespace restem
