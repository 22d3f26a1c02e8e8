// restem tokenize: text to token ids, or back with --decode.
#include <fmt/format.h>

#include "app/commands.h"
#include "app/flags.h"
#include "app/jsonl_io.h"
#include "text/tokenizer.h"

namespace restem {
namespace {

struct TokenizeFlags {
  CommonFlags common;
  FileFlags files;
  bool decode = false;

  void visit(config::Fields& f) {
    common.visit(f);
    files.visit(f);
    f.boolean("decode", decode, "Token ids to text; special tokens are left out.");
  }
};

absl::StatusOr<nlohmann::ordered_json> Convert(const InputRecord& record,
                                               const Tokenizer& tokenizer,
                                               bool decode) {
  if (!decode && record.fields.contains("tokens")) {
    return InvalidInput(fmt::format(
        "{}: found `tokens`, expected `text`; --decode turns tokens into text", record.where));
  }
  if (decode && record.fields.contains("text")) {
    return InvalidInput(fmt::format(
        "{}: found `text`, expected `tokens`; leave out --decode to turn text into tokens",
        record.where));
  }
  RESTEM_ASSIGN_OR_RETURN(const auto tokens, TokensOf(record, "text", "tokens", tokenizer));
  for (const int32_t token : tokens) {
    if (token < tokenizer.vocab_size()) continue;
    return InvalidInput(fmt::format("{}: token {} is outside the tokenizer's vocabulary of {}",
                                    record.where,
                                    token,
                                    tokenizer.vocab_size()));
  }
  if (!decode) return nlohmann::ordered_json{{"id", record.fields.at("id")}, {"tokens", tokens}};
  return nlohmann::ordered_json{{"id", record.fields.at("id")},
                                {"text", tokenizer.decode(tokens, /*skip_special_tokens=*/true)}};
}

}  // namespace

absl::Status TokenizeCommand(const Args& args) {
  TokenizeFlags flags;
  std::vector<std::string> positionals;
  RESTEM_ASSIGN_OR_RETURN(
      const bool go_on,
      ParseCommand(
          args, "restem tokenize --model DIR --input F --output F [--decode]", flags, positionals));
  if (!go_on) return absl::OkStatus();
  RESTEM_RETURN_IF_ERROR(CheckNoArguments(positionals));
  RESTEM_RETURN_IF_ERROR(flags.files.check());
  const Stopwatch loading;
  RESTEM_ASSIGN_OR_RETURN(const auto tokenizer, Tokenizer::load(flags.files.model));
  const double load_seconds = loading.seconds();
  RESTEM_ASSIGN_OR_RETURN(const auto records, ReadRecords(flags.files.input, /*unique_ids=*/false));
  const Stopwatch working;
  std::vector<std::string> lines;
  for (const InputRecord& record : records) {
    RESTEM_ASSIGN_OR_RETURN(const auto line, Convert(record, *tokenizer, flags.decode));
    lines.push_back(line.dump());
  }
  const double seconds = working.seconds();
  RESTEM_RETURN_IF_ERROR(WriteLines(flags.files.output, lines));
  PrintSummary({static_cast<int64_t>(records.size()), {}, {}, {}, seconds, load_seconds});
  return absl::OkStatus();
}

}  // namespace restem
