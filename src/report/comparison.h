// `restem compare RUN[:ITER] RUN[:ITER]...`: evaluations of several runs or iterations, each
// against the first.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "eval/compare.h"

namespace restem {

struct ComparedSide {
  std::string label;  // as given, with the iteration: "runs/quickstart:2"
  std::string path;   // of its eval.json
  EvalRecord record;
};

// "RUN", "RUN:2" or "RUN:2/control". Without an iteration, the last one that has an evaluation.
// InvalidInput, naming the iterations that are there, where the one asked for is not.
absl::StatusOr<ComparedSide> LoadComparedSide(std::string_view reference);

struct ComparedPair {
  std::string a;  // labels
  std::string b;
  std::map<std::string, SetComparison> sets;  // by test set; those that both have
};

struct Comparison {
  std::vector<ComparedSide> sides;  // at least two
  std::vector<ComparedPair> pairs;  // the first side against each other
};

absl::StatusOr<Comparison> CompareSides(std::vector<ComparedSide> sides);

std::string RenderComparison(const Comparison& comparison);             // for the terminal
nlohmann::ordered_json ComparisonToJson(const Comparison& comparison);  // for --json

}  // namespace restem
