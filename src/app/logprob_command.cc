// restem logprob: log-probabilities of given completions.
#include <fmt/format.h>

#include "app/commands.h"
#include "app/flags.h"
#include "app/jsonl_io.h"
#include "app/model_flags.h"
#include "app/record_prompt.h"
#include "base/progress.h"
#include "model/score.h"
#include "text/completion.h"

namespace restem {
namespace {

struct LogprobFlags {
  CommonFlags common;
  FileFlags files;
  std::string date;  // YYYY-MM-DD; empty: none

  void visit(config::Fields& f) {
    common.visit(f);
    files.visit(f);
    VisitDate(f, date);
  }
};

struct Pair {
  std::vector<int32_t> prompt;
  std::vector<int32_t> completion;
};

absl::Status CheckPair(const Pair& pair, const InputRecord& record, const ModelConfig& config) {
  if (pair.prompt.empty())
    return InvalidInput(fmt::format("{}: the prompt has no tokens", record.where));
  if (pair.completion.empty())
    return InvalidInput(fmt::format("{}: the completion has no tokens", record.where));
  const size_t total = pair.prompt.size() + pair.completion.size();
  if (!config.holds(total)) {
    return InvalidInput(
        fmt::format("{}: prompt and completion have {} tokens, the model's context holds {}",
                    record.where,
                    total,
                    config.max_position_embeddings));
  }
  for (const auto* tokens : {&pair.prompt, &pair.completion}) {
    for (const int32_t token : *tokens) {
      if (token < config.vocab_size) continue;
      return InvalidInput(fmt::format("{}: token {} is outside the model's vocabulary of {}",
                                      record.where,
                                      token,
                                      config.vocab_size));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Pair> PairOf(const InputRecord& record,
                            const LoadedModel& loaded,
                            RecordPrompts& prompts) {
  RESTEM_ASSIGN_OR_RETURN(const RecordPrompt prompt, prompts.of(record));
  Pair pair{prompt.tokens, {}};
  const auto completion = record.fields.find("completion");
  if (completion != record.fields.end() && completion->is_string() &&
      !record.fields.contains("completion_tokens")) {
    pair.completion = EncodeCompletion(
        *loaded.tokenizer, prompt.text, completion->get<std::string>(), prompt.add_special_tokens);
  } else {
    RESTEM_ASSIGN_OR_RETURN(pair.completion,
                            TokensOf(record, "completion", "completion_tokens", *loaded.tokenizer));
  }
  RESTEM_RETURN_IF_ERROR(CheckPair(pair, record, loaded.model.config));
  return pair;
}

std::string OutputLine(const InputRecord& record, const Pair& pair, const Scored& scored) {
  double sum = 0.0;
  for (const float logprob : scored.logprobs) sum += double{logprob};
  const nlohmann::ordered_json line = {{"id", record.fields.at("id")},
                                       {"tokens", pair.completion},
                                       {"logprobs", scored.logprobs},
                                       {"sum", sum}};
  return line.dump();
}

}  // namespace

absl::Status LogprobCommand(const Args& args) {
  LogprobFlags flags;
  std::vector<std::string> positionals;
  RESTEM_ASSIGN_OR_RETURN(
      const bool go_on,
      ParseCommand(
          args, "restem logprob --model DIR --input F --output F [flags]", flags, positionals));
  if (!go_on) return absl::OkStatus();
  RESTEM_RETURN_IF_ERROR(CheckNoArguments(positionals));
  RESTEM_RETURN_IF_ERROR(flags.files.check());
  if (flags.common.device == "cuda")
    return InvalidInput("--device cuda: log-probabilities are computed on the CPU; leave it out");
  const Stopwatch loading;
  RESTEM_ASSIGN_OR_RETURN(const LoadedModel loaded,
                          LoadForCommand(flags.files.model, flags.common));
  const double load_seconds = loading.seconds();
  RESTEM_ASSIGN_OR_RETURN(const auto records, ReadRecords(flags.files.input, /*unique_ids=*/false));
  RESTEM_ASSIGN_OR_RETURN(RecordPrompts prompts,
                          RecordPrompts::make(loaded.model.dir, *loaded.tokenizer, flags.date));
  std::vector<Pair> pairs;
  Summary summary = {static_cast<int64_t>(records.size()), {}, 0, {}, 0.0, load_seconds};
  for (const InputRecord& record : records) {
    RESTEM_ASSIGN_OR_RETURN(Pair pair, PairOf(record, loaded, prompts));
    *summary.prompt_tokens += static_cast<int64_t>(pair.prompt.size());
    pairs.push_back(std::move(pair));
  }
  const Stopwatch working;
  Progress progress("logprob", summary.items);
  std::vector<ScoreItem> items;
  items.reserve(pairs.size());
  for (const Pair& pair : pairs) items.push_back({pair.prompt, pair.completion});
  std::vector<std::string> lines(pairs.size());
  RESTEM_RETURN_IF_ERROR(
      ScoreAll(loaded.model, items, flags.common.lanes(), [&](size_t i, const Scored& scored) {
        lines[i] = OutputLine(records[i], pairs[i], scored);
        progress.advance(1);
      }));
  summary.seconds = working.seconds();
  RESTEM_RETURN_IF_ERROR(WriteLines(flags.files.output, lines));
  PrintSummary(summary);
  return absl::OkStatus();
}

}  // namespace restem
