#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "report/analysis.h"
#include "report/run_report.h"

namespace restem {
namespace {

constexpr size_t kExamplesPerKind = 5;

std::string Scalar(const YAML::Node& node) { return node && node.IsScalar() ? node.Scalar() : ""; }

int64_t Integer(const YAML::Node& node) {
  return node && node.IsScalar() ? node.as<int64_t>(/*fallback=*/0) : 0;
}

// The names of the job's test sets, in order; a file without a name is called by its stem.
std::vector<std::string> TestSets(const YAML::Node& data) {
  std::vector<std::string> names;
  if (!data || !data.IsMap() || !data["test"] || !data["test"].IsSequence()) return names;
  for (const YAML::Node& entry : data["test"]) {
    if (!entry.IsMap()) continue;
    const std::string name = Scalar(entry["name"]);
    names.push_back(name.empty() ? std::filesystem::path(Scalar(entry["path"])).stem().string()
                                 : name);
  }
  return names;
}

// A key of a section that may be missing.
YAML::Node In(const YAML::Node& job, const char* section, const char* key) {
  const YAML::Node node = job[section];
  return node && node.IsMap() ? node[key] : YAML::Node();
}

void LoadJob(RunReport& report) {
  const auto text = ReadFile(report.run_dir + "/job.yaml");
  if (!text.ok()) return;
  report.job_text = *text;
  try {
    const YAML::Node job = YAML::Load(*text);
    if (!job.IsMap()) return;
    if (const std::string name = Scalar(job["name"]); !name.empty()) report.name = name;
    report.device = Scalar(job["device"]);
    if (job["seed"]) report.seed = Integer(job["seed"]);
    report.base_model = Scalar(In(job, "model", "base"));
    report.reward = Scalar(In(job, "reward", "type"));
    report.planned_iterations = Integer(In(job, "em", "iterations"));
    report.sets = TestSets(job["data"]);
  } catch (const YAML::Exception& error) {
    report.notes.push_back(fmt::format("job.yaml: {}", error.what()));
  }
}

void LoadState(RunReport& report) {
  const auto text = ReadFile(report.run_dir + "/state.json");
  if (!text.ok()) return;
  const auto state = nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!state.is_object()) {
    report.notes.push_back("state.json is not a JSON object");
    return;
  }
  const auto string = [&](const char* key) {
    return state.contains(key) && state[key].is_string() ? state[key].get<std::string>() : "";
  };
  report.stage = string("stage");
  report.version = string("version");
  if (const std::string device = string("device"); !device.empty()) report.device = device;
  if (state.contains("iteration") && state["iteration"].is_number_integer())
    report.iteration = state["iteration"];
}

std::optional<EvalRecord> LoadEval(const std::string& path, RunReport& report) {
  if (!FileExists(path)) return std::nullopt;
  auto record = ReadEvalRecord(path);
  if (record.ok()) return *std::move(record);
  report.notes.push_back(std::string(MessageOf(record.status())));
  return std::nullopt;
}

// iterations/NN, in order.
std::vector<std::pair<int64_t, std::string>> IterationDirs(const std::string& run_dir) {
  std::vector<std::pair<int64_t, std::string>> dirs;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(run_dir + "/iterations", error)) {
    const std::string name = entry.path().filename().string();
    const bool numeric = !name.empty() && name.size() < 10 &&
                         name.find_first_not_of("0123456789") == std::string::npos;
    if (numeric) dirs.emplace_back(std::stoll(name), entry.path().string());
  }
  std::sort(dirs.begin(), dirs.end());
  return dirs;
}

void LoadEvals(RunReport& report) {
  for (const auto& [number, dir] : IterationDirs(report.run_dir)) {
    auto eval = LoadEval(dir + "/eval.json", report);
    auto control = LoadEval(dir + "/control/eval.json", report);
    if (!eval && !control) continue;
    auto place = std::find_if(report.iterations.begin(),
                              report.iterations.end(),
                              [n = number](const auto& i) { return i.iteration >= n; });
    if (place == report.iterations.end() || place->iteration != number) {
      place = report.iterations.insert(place, IterationReport{});
      place->iteration = number;
    }
    place->eval = std::move(eval);
    place->control_eval = std::move(control);
  }
}

// The job's order first; sets that only evaluations know come after.
void CompleteSets(RunReport& report) {
  std::vector<std::string> known;
  for (const IterationReport& iteration : report.iterations) {
    if (!iteration.eval) continue;
    for (const auto& [name, set] : iteration.eval->sets) known.push_back(name);
  }
  std::erase_if(report.sets, [&](const std::string& name) {
    return !known.empty() && std::find(known.begin(), known.end(), name) == known.end();
  });
  for (const std::string& name : known) {
    if (std::find(report.sets.begin(), report.sets.end(), name) == report.sets.end())
      report.sets.push_back(name);
  }
}

}  // namespace

const IterationReport* RunReport::find(int64_t number) const {
  const auto it =
      std::find_if(iterations.begin(), iterations.end(), [number](const IterationReport& i) {
        return i.iteration == number;
      });
  return it == iterations.end() ? nullptr : &*it;
}

absl::StatusOr<RunReport> LoadRunReport(const std::string& run_dir, const ProblemLookup& lookup) {
  std::filesystem::path folder = std::filesystem::path(run_dir).lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();
  RunReport report;
  report.run_dir = folder.string();
  const bool is_run = FileExists(report.run_dir + "/job.yaml") ||
                      FileExists(report.run_dir + "/state.json") ||
                      FileExists(report.run_dir + "/iterations");
  if (!is_run) {
    return InvalidInput(fmt::format(
        "{} is not a run directory: it has no job.yaml, state.json or iterations", run_dir));
  }
  report.name = folder.filename().string();
  report.written =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  LoadJob(report);
  LoadState(report);
  if (const auto metrics = ReadFile(report.run_dir + "/metrics.jsonl"); metrics.ok())
    AddMetrics(*metrics, report);
  LoadEvals(report);
  CompleteSets(report);
  if (const auto best = BestIteration(report)) AddExamples(*best, kExamplesPerKind, lookup, report);
  return report;
}

}  // namespace restem
