#include "report/problem_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/file.h"
#include "eval/evaluate.h"

namespace restem {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

struct Drawn {
  json sample;
  json verdict;
};

std::string Text(const json& record, const char* key) {
  return record.is_object() && record.contains(key) && record[key].is_string()
             ? record[key].get<std::string>()
             : "";
}

// Calls `use` with each line of `path` that is about `problem`. Only lines that hold the id as JSON
// text are parsed.
template <typename Use>
void ForEachRecord(const fs::path& path, std::string_view problem, const Use& use) {
  const auto file = MappedFile::open(path.string());
  if (!file.ok()) return;
  const std::string needle = json(problem).dump(-1, ' ', false, json::error_handler_t::replace);
  const auto bytes = (*file)->bytes();
  std::string_view rest(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.find(needle) == std::string_view::npos) continue;
    const json record = json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (record.is_object() && Text(record, "problem") == problem) use(record);
  }
}

std::map<int64_t, Drawn> LoadDrawn(const fs::path& dir, std::string_view problem) {
  std::map<int64_t, Drawn> drawn;
  const auto index = [](const json& record) {
    return record.contains("sample") && record["sample"].is_number_integer()
               ? record["sample"].get<int64_t>()
               : 0;
  };
  ForEachRecord(dir / "samples.jsonl", problem, [&](const json& r) { drawn[index(r)].sample = r; });
  ForEachRecord(
      dir / "verdicts.jsonl", problem, [&](const json& r) { drawn[index(r)].verdict = r; });
  return drawn;
}

std::string RenderDrawn(const std::map<int64_t, Drawn>& drawn, bool evaluation) {
  std::string text;
  for (const auto& [index, record] : drawn) {
    const std::string name =
        evaluation && index == kGreedySample ? "greedy" : std::to_string(index);
    const std::string extracted = Text(record.verdict, "extracted");
    const std::string reason = Text(record.verdict, "reason");
    const std::string verdict = Text(record.verdict, "verdict");
    text += fmt::format(
        "  [{}] {}{}{}{}\n",
        name,
        verdict.empty() ? "not judged" : verdict,
        extracted.empty() ? "" : ", answer " + extracted,
        reason.empty() ? "" : ": " + reason,
        Text(record.sample, "finish_reason") == "length" ? " (cut at max_new_tokens)" : "");
    std::string body = Text(record.sample, "text");
    for (size_t at = 0; (at = body.find('\n', at)) != std::string::npos; at += 7)
      body.replace(at, 1, "\n      ");
    text += "      " + body + "\n";
  }
  return text;
}

// Why a problem has fewer training samples than others, if it has (sampler.stop_at_correct).
std::string RenderCancelled(const fs::path& dir, std::string_view problem) {
  std::string text;
  ForEachRecord(dir / "cancelled.jsonl", problem, [&](const json& record) {
    text = fmt::format("  stopped after {} of {} samples: {} correct ones with different texts\n",
                       record.value("kept", int64_t{0}),
                       record.value("of", int64_t{0}),
                       record.value("correct", int64_t{0}));
  });
  return text;
}

// Folders of an iteration that hold samples, with what to call them.
std::vector<std::pair<std::string, fs::path>> SampleDirs(const fs::path& iteration) {
  std::vector<std::pair<std::string, fs::path>> dirs = {{"training", iteration}};
  for (const char* arm : {"", "control"}) {
    std::vector<fs::path> sets;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(iteration / arm / "eval", error))
      sets.push_back(entry.path());
    std::sort(sets.begin(), sets.end());
    for (const fs::path& set : sets) {
      const std::string prefix = *arm == '\0' ? "test set " : "control, test set ";
      dirs.emplace_back(prefix + set.filename().string(), set);
    }
  }
  return dirs;
}

}  // namespace

absl::StatusOr<std::string> RenderProblem(const std::string& run_dir, std::string_view problem) {
  std::vector<fs::path> iterations;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(fs::path(run_dir) / "iterations", error)) {
    iterations.push_back(entry.path());
  }
  if (iterations.empty())
    return InvalidInput(run_dir + " is not a run directory: it has no iterations");
  std::sort(iterations.begin(), iterations.end());
  std::string text;
  for (const fs::path& iteration : iterations) {
    for (const auto& [what, dir] : SampleDirs(iteration)) {
      const std::string drawn =
          RenderDrawn(LoadDrawn(dir, problem), /*evaluation=*/dir != iteration);
      if (drawn.empty()) continue;
      text += fmt::format("{}iteration {}, {}\n{}{}",
                          text.empty() ? "" : "\n",
                          iteration.filename().string(),
                          what,
                          drawn,
                          RenderCancelled(dir, problem));
    }
  }
  if (text.empty()) {
    return InvalidInput(
        fmt::format("{}: no finished file of samples has a problem {}", run_dir, problem));
  }
  return text;
}

}  // namespace restem
