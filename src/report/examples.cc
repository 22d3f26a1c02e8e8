// Problems gained and lost between the base and the best iteration, with both greedy completions.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <unordered_map>

#include "base/file.h"
#include "eval/evaluate.h"
#include "report/analysis.h"
#include "report/run_report.h"

namespace restem {
namespace {

using nlohmann::json;
using Completions = std::unordered_map<std::string, ExampleCompletion>;  // by problem id

std::string Text(const json& record, const char* key) {
  return record.contains(key) && record[key].is_string() ? record[key].get<std::string>() : "";
}

// Calls `use` with each greedy record of a file; the many drawn ones beside it are not parsed.
template <typename Use>
void ForEachGreedy(const std::string& path, const Use& use) {
  const auto file = MappedFile::open(path);
  if (!file.ok()) return;
  const auto bytes = (*file)->bytes();
  std::string_view rest(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const std::string compact = fmt::format("\"sample\":{}", kGreedySample);
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.find(compact) == std::string_view::npos) continue;
    const json record = json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (record.is_object() && record.value("sample", int64_t{-1}) == kGreedySample) use(record);
  }
}

Completions LoadGreedy(const std::string& eval_dir) {
  Completions found;
  ForEachGreedy(eval_dir + "/samples.jsonl", [&](const json& record) {
    found[Text(record, "problem")].text = Text(record, "text");
  });
  ForEachGreedy(eval_dir + "/verdicts.jsonl", [&](const json& record) {
    const auto it = found.find(Text(record, "problem"));
    if (it == found.end()) return;
    it->second.verdict = Text(record, "verdict");
    it->second.extracted = Text(record, "extracted");
    it->second.reason = Text(record, "reason");
  });
  return found;
}

class SetExamples {
 public:
  SetExamples(std::string set, const RunReport& report, int64_t best)
      : set_(std::move(set)), before_(load(report, 0)), after_(load(report, best)) {}

  // Of the problems whose greedy verdict went from not `gained` to `gained`.
  void collect(const SetResult& base,
               const SetResult& trained,
               bool gained,
               size_t limit,
               std::vector<Example>& out) const {
    std::unordered_map<std::string_view, bool> solved;
    for (const ProblemOutcome& outcome : base.outcomes)
      solved[outcome.id] = outcome.greedy_correct();
    for (const ProblemOutcome& outcome : trained.outcomes) {
      const auto before = solved.find(outcome.id);
      const bool changed =
          before != solved.end() && before->second == !gained && outcome.greedy_correct() == gained;
      if (!changed || !before_.contains(outcome.id) || !after_.contains(outcome.id)) continue;
      if (limit-- == 0) return;
      Example example{.set = set_,
                      .problem = outcome.id,
                      .gained = gained,
                      .question = "",
                      .answer = "",
                      .before = {},
                      .after = {}};
      example.before = before_.at(outcome.id);
      example.after = after_.at(outcome.id);
      if (example.before.verdict.empty()) example.before.verdict = gained ? "wrong" : "correct";
      if (example.after.verdict.empty()) example.after.verdict = gained ? "correct" : "wrong";
      out.push_back(std::move(example));
    }
  }

 private:
  Completions load(const RunReport& report, int64_t iteration) const {
    return LoadGreedy(fmt::format("{}/iterations/{:02}/eval/{}", report.run_dir, iteration, set_));
  }
  std::string set_;
  Completions before_;
  Completions after_;
};

}  // namespace

void AddExamples(int64_t best, size_t limit, const ProblemLookup& lookup, RunReport& report) {
  const IterationReport* base = report.find(0);
  const IterationReport* trained = report.find(best);
  if (base == nullptr || trained == nullptr) return;
  std::vector<Example> examples;
  for (const std::string& name : report.sets) {
    const SetResult* before = FindSet(base->eval, name);
    const SetResult* after = FindSet(trained->eval, name);
    if (before == nullptr || after == nullptr) continue;
    const SetExamples set(name, report, best);
    set.collect(*before, *after, /*gained=*/true, limit, examples);
    set.collect(*before, *after, /*gained=*/false, limit, examples);
  }
  for (Example& example : examples) {
    const auto text = lookup ? lookup(example.set, example.problem) : std::nullopt;
    if (!text) continue;
    example.question = text->question;
    example.answer = text->answer;
  }
  report.examples = std::move(examples);
}

}  // namespace restem
