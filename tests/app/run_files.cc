#include "app/run_files.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "app/process.h"

namespace restem::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

bool IsFinishedFile(const fs::path& path) {
  static const std::set<std::string> kNames = {"samples.jsonl",
                                               "verdicts.jsonl",
                                               "cancelled.jsonl",
                                               "dataset.jsonl",
                                               "eval.json",
                                               "model.safetensors",
                                               "adapter_model.safetensors",
                                               "config.json",
                                               "tokenizer.json"};
  return kNames.contains(path.filename().string());
}

std::vector<fs::path> FilesUnder(const std::string& dir) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(dir)) {
    if (entry.is_regular_file()) files.push_back(fs::relative(entry.path(), dir));
  }
  return files;
}

// Where two texts part, for a message.
size_t FirstDifference(const std::string& a, const std::string& b) {
  size_t at = 0;
  while (at < a.size() && at < b.size() && a[at] == b[at]) ++at;
  return at;
}

// Every path of a run directory but the event files, which are named after the time.
std::set<std::string> Paths(const std::string& run_dir) {
  std::set<std::string> paths;
  for (const auto& entry : fs::recursive_directory_iterator(run_dir)) {
    const std::string path = fs::relative(entry.path(), run_dir).string();
    if (!path.starts_with("tensorboard")) paths.insert(path);
  }
  return paths;
}

// What training recorded, without what depends on the clock.
std::multiset<std::string> TrainingEvents(const std::string& run_dir) {
  std::multiset<std::string> events;
  std::istringstream lines(ReadText(run_dir + "/metrics.jsonl"));
  for (std::string line; std::getline(lines, line);) {
    json event = json::parse(line);
    if (event["event"] != "train_step" && event["event"] != "validate") continue;
    event.erase("time");
    events.insert(event.dump());
  }
  return events;
}

}  // namespace

std::map<std::string, std::string> FinishedFiles(const std::string& run_dir,
                                                 const std::string& only) {
  std::map<std::string, std::string> files;
  for (const fs::path& path : FilesUnder(run_dir)) {
    if (IsFinishedFile(path) && path.string().starts_with(only))
      files[path.string()] = ReadText(fs::path(run_dir) / path);
  }
  return files;
}

std::set<std::string> Leftovers(const std::string& run_dir) {
  std::set<std::string> left;
  for (const fs::path& path : FilesUnder(run_dir)) {
    const std::string name = path.string();
    if (name.find(".journal-") != std::string::npos || name.find(".tmp") != std::string::npos)
      left.insert(name);
  }
  return left;
}

std::string Difference(const std::map<std::string, std::string>& expected,
                       const std::map<std::string, std::string>& found) {
  std::string difference;
  for (const auto& [path, content] : expected) {
    const auto there = found.find(path);
    if (there == found.end()) {
      difference += path + " is missing\n";
    } else if (there->second != content) {
      const size_t at = FirstDifference(content, there->second);
      const size_t from = at < 60 ? 0 : at - 60;
      const bool binary = path.ends_with(".safetensors");
      difference += path + " differs from byte " + std::to_string(at) +
                    (binary ? ""
                            : ":\n  expected " + content.substr(from, 120) + "\n  found    " +
                                  there->second.substr(from, 120)) +
                    "\n";
    }
  }
  for (const auto& [path, content] : found) {
    if (!expected.contains(path)) difference += path + " should not be there\n";
  }
  return difference;
}

void ExpectSameRun(const std::string& reference, const std::string& run_dir) {
  EXPECT_EQ(Difference(FinishedFiles(reference), FinishedFiles(run_dir)), "");
  for (const std::string& path : Paths(run_dir)) {
    EXPECT_TRUE(fs::exists(fs::path(reference) / path)) << path << " was left";
  }
  EXPECT_EQ(TrainingEvents(run_dir), TrainingEvents(reference));
  const json state = json::parse(ReadText(run_dir + "/state.json"));
  const json expected = json::parse(ReadText(reference + "/state.json"));
  for (const char* key : {"stage", "complete", "inputs"}) EXPECT_EQ(state[key], expected[key]);
}

}  // namespace restem::testing
