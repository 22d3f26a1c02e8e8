#include "eval/eval_record.h"

#include <fmt/format.h>

#include <charconv>
#include <string_view>

#include "base/file.h"

namespace restem {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

// ---- Writing ----

ordered_json ByK(const std::map<int64_t, double>& values) {
  ordered_json by_k = ordered_json::object();
  for (const auto& [k, value] : values) by_k[std::to_string(k)] = value;
  return by_k;
}

ordered_json OutcomeToJson(const ProblemOutcome& outcome) {
  ordered_json object = {{"id", outcome.id}};
  if (outcome.greedy) object["greedy"] = ToString(*outcome.greedy);
  object["samples"] = outcome.samples;
  object["correct"] = outcome.correct;
  if (outcome.errors > 0) object["errors"] = outcome.errors;
  if (outcome.majority) object["majority"] = ToString(*outcome.majority);
  return object;
}

ordered_json SetToJson(const SetResult& set) {
  ordered_json object = {{"problems", set.problems}};
  if (set.pass_at_1) object["pass@1"] = *set.pass_at_1;
  object["pass@k"] = ByK(set.pass_at_k);
  object["maj@k"] = ByK(set.maj_at_k);
  if (set.greedy_tokens) object["greedy_mean_tokens"] = *set.greedy_tokens;
  if (set.drawn) {
    object["mean_tokens"] = set.drawn->mean_tokens;
    object["truncated"] = set.drawn->truncated_share;
    object["errors"] = set.drawn->error_share;
    object["distinct_solutions"] = set.drawn->distinct_solutions;
    object["distinct_answers"] = set.drawn->distinct_answers;
    object["answer_entropy_bits"] = set.drawn->answer_entropy;
  }
  object["outcomes"] = ordered_json::array();
  for (const ProblemOutcome& outcome : set.outcomes)
    object["outcomes"].push_back(OutcomeToJson(outcome));
  return object;
}

// ---- Reading: `where` is the path of the object inside the file, for messages ----

template <typename T>
bool Holds(const json& value) {
  if constexpr (std::is_same_v<T, std::string>) return value.is_string();
  if constexpr (std::is_same_v<T, int64_t>) return value.is_number_integer();
  if constexpr (std::is_same_v<T, double>) return value.is_number();
  return false;
}

// Leaves `out` as it was where the key is missing and not required.
template <typename T>
absl::Status Get(const json& object,
                 const char* key,
                 std::string_view where,
                 bool required,
                 std::optional<T>& out) {
  if (!object.is_object()) return InvalidInput(fmt::format("{} is not an object", where));
  const auto it = object.find(key);
  if (it == object.end() || it->is_null()) {
    return required ? InvalidInput(fmt::format("{} lacks \"{}\"", where, key)) : absl::OkStatus();
  }
  if (!Holds<T>(*it))
    return InvalidInput(fmt::format("{}: \"{}\" has a wrong type: {}", where, key, it->dump()));
  out = it->get<T>();
  return absl::OkStatus();
}

template <typename T>
absl::StatusOr<T> Required(const json& object, const char* key, std::string_view where) {
  std::optional<T> value;
  RESTEM_RETURN_IF_ERROR(Get<T>(object, key, where, /*required=*/true, value));
  return *value;
}

absl::Status GetVerdict(const json& object,
                        const char* key,
                        std::string_view where,
                        std::optional<VerdictKind>& out) {
  std::optional<std::string> text;
  RESTEM_RETURN_IF_ERROR(Get<std::string>(object, key, where, /*required=*/false, text));
  if (!text) return absl::OkStatus();
  for (const VerdictKind kind : {VerdictKind::kCorrect, VerdictKind::kWrong, VerdictKind::kError}) {
    if (ToString(kind) == *text) out = kind;
  }
  if (out) return absl::OkStatus();
  return InvalidInput(fmt::format(
      "{}: \"{}\" is \"{}\", not \"correct\", \"wrong\" or \"error\"", where, key, *text));
}

absl::Status GetByK(const json& object,
                    const char* key,
                    std::string_view where,
                    std::map<int64_t, double>& out) {
  const auto it = object.find(key);
  if (it == object.end()) return absl::OkStatus();
  if (!it->is_object()) return InvalidInput(fmt::format("{}: \"{}\" is not an object", where, key));
  for (const auto& [name, value] : it->items()) {
    int64_t k = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), k);
    if (error != std::errc() || end != name.data() + name.size() || k < 1 || !value.is_number()) {
      return InvalidInput(
          fmt::format("{}: \"{}\" maps k to a number, not {}: {}", where, key, name, value.dump()));
    }
    out[k] = value.get<double>();
  }
  return absl::OkStatus();
}

absl::StatusOr<ProblemOutcome> OutcomeFromJson(const json& object, std::string_view where) {
  ProblemOutcome outcome;
  RESTEM_ASSIGN_OR_RETURN(outcome.id, Required<std::string>(object, "id", where));
  const std::string here = fmt::format("{} (problem {})", where, outcome.id);
  RESTEM_RETURN_IF_ERROR(GetVerdict(object, "greedy", here, outcome.greedy));
  RESTEM_RETURN_IF_ERROR(GetVerdict(object, "majority", here, outcome.majority));
  std::optional<int64_t> samples, correct, errors;
  RESTEM_RETURN_IF_ERROR(Get<int64_t>(object, "samples", here, /*required=*/false, samples));
  RESTEM_RETURN_IF_ERROR(Get<int64_t>(object, "correct", here, /*required=*/false, correct));
  RESTEM_RETURN_IF_ERROR(Get<int64_t>(object, "errors", here, /*required=*/false, errors));
  outcome.samples = samples.value_or(0);
  outcome.correct = correct.value_or(0);
  outcome.errors = errors.value_or(0);
  if (outcome.correct < 0 || outcome.errors < 0 ||
      outcome.correct + outcome.errors > outcome.samples) {
    return InvalidInput(fmt::format("{}: {} correct and {} errors of {} samples",
                                    here,
                                    outcome.correct,
                                    outcome.errors,
                                    outcome.samples));
  }
  return outcome;
}

absl::Status GetDrawn(const json& object, std::string_view where, std::optional<DrawnStats>& out) {
  std::optional<double> tokens, truncated, errors, solutions, answers, entropy;
  RESTEM_RETURN_IF_ERROR(Get<double>(object, "mean_tokens", where, /*required=*/false, tokens));
  RESTEM_RETURN_IF_ERROR(Get<double>(object, "truncated", where, /*required=*/false, truncated));
  RESTEM_RETURN_IF_ERROR(Get<double>(object, "errors", where, /*required=*/false, errors));
  RESTEM_RETURN_IF_ERROR(
      Get<double>(object, "distinct_solutions", where, /*required=*/false, solutions));
  RESTEM_RETURN_IF_ERROR(
      Get<double>(object, "distinct_answers", where, /*required=*/false, answers));
  RESTEM_RETURN_IF_ERROR(
      Get<double>(object, "answer_entropy_bits", where, /*required=*/false, entropy));
  if (!tokens || !solutions) return absl::OkStatus();  // written by something else: nothing to show
  out = DrawnStats{.mean_tokens = *tokens,
                   .truncated_share = truncated.value_or(0),
                   .error_share = errors.value_or(0),
                   .distinct_solutions = *solutions,
                   .distinct_answers = answers.value_or(0),
                   .answer_entropy = entropy.value_or(0)};
  return absl::OkStatus();
}

absl::StatusOr<SetResult> SetFromJson(const json& object, const std::string& where) {
  SetResult set;
  RESTEM_ASSIGN_OR_RETURN(set.problems, Required<int64_t>(object, "problems", where));
  RESTEM_RETURN_IF_ERROR(Get<double>(object, "pass@1", where, /*required=*/false, set.pass_at_1));
  RESTEM_RETURN_IF_ERROR(
      Get<double>(object, "greedy_mean_tokens", where, /*required=*/false, set.greedy_tokens));
  RESTEM_RETURN_IF_ERROR(GetByK(object, "pass@k", where, set.pass_at_k));
  RESTEM_RETURN_IF_ERROR(GetByK(object, "maj@k", where, set.maj_at_k));
  RESTEM_RETURN_IF_ERROR(GetDrawn(object, where, set.drawn));
  const auto outcomes = object.find("outcomes");
  if (outcomes == object.end()) return set;
  if (!outcomes->is_array())
    return InvalidInput(fmt::format("{}: \"outcomes\" is not a list", where));
  for (const json& outcome : *outcomes) {
    const std::string here = fmt::format("{}.outcomes[{}]", where, set.outcomes.size());
    RESTEM_ASSIGN_OR_RETURN(ProblemOutcome parsed, OutcomeFromJson(outcome, here));
    set.outcomes.push_back(std::move(parsed));
  }
  return set;
}

}  // namespace

ordered_json ToJson(const EvalRecord& record) {
  ordered_json sets = ordered_json::object();
  for (const auto& [name, set] : record.sets) sets[name] = SetToJson(set);
  return {{"sets", std::move(sets)}};
}

absl::StatusOr<EvalRecord> EvalRecordFromJson(const json& object) {
  if (!object.is_object() || !object.contains("sets") || !object["sets"].is_object()) {
    return InvalidInput("an evaluation is an object with \"sets\", an object by test set name");
  }
  EvalRecord record;
  for (const auto& [name, set] : object["sets"].items()) {
    RESTEM_ASSIGN_OR_RETURN(record.sets[name], SetFromJson(set, "sets." + name));
  }
  return record;
}

absl::Status WriteEvalRecord(const std::string& path, const EvalRecord& record) {
  // Ids come from users' files: invalid UTF-8 is replaced rather than thrown about.
  return WriteFileAtomic(path,
                         ToJson(record).dump(1, ' ', false, json::error_handler_t::replace) + "\n");
}

absl::StatusOr<EvalRecord> ReadEvalRecord(const std::string& path) {
  RESTEM_ASSIGN_OR_RETURN(const std::string content, ReadFile(path));
  const json object = json::parse(content, nullptr, /*allow_exceptions=*/false);
  if (object.is_discarded()) return InvalidInput(path + " is not valid JSON");
  auto record = EvalRecordFromJson(object);
  if (!record.ok()) return Annotate(record.status(), path);
  return record;
}

}  // namespace restem
