#include "report/comparison.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "base/file.h"
#include "report/format.h"
#include "report/table.h"

namespace restem {
namespace {

struct Reference {
  std::string run;
  std::string iteration;  // digits; empty: the last
  bool control = false;
};

// The part after the last colon is an iteration only if it looks like one: a path may hold colons.
Reference Parse(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return {std::string(text), "", false};
  std::string_view tail = text.substr(colon + 1);
  const size_t slash = tail.find('/');
  const bool control = slash != std::string_view::npos && tail.substr(slash) == "/control";
  if (control) tail = tail.substr(0, slash);
  const bool digits = !tail.empty() && tail.size() < 10 &&
                      tail.find_first_not_of("0123456789") == std::string_view::npos;
  if (!digits) return {std::string(text), "", false};
  return {std::string(text.substr(0, colon)), std::string(tail), control};
}

// Iterations of a run that have an evaluation, in order.
std::vector<int64_t> Evaluated(const std::string& run) {
  std::vector<int64_t> iterations;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(run + "/iterations", error)) {
    const std::string name = entry.path().filename().string();
    const bool digits =
        name.size() < 10 && name.find_first_not_of("0123456789") == std::string::npos;
    if (digits && FileExists((entry.path() / "eval.json").string()))
      iterations.push_back(std::stoll(name));
  }
  std::sort(iterations.begin(), iterations.end());
  return iterations;
}

std::vector<std::string> DifferenceRow(const std::string& metric, const PairedDifference& d) {
  return {metric, Percent(d.a), Percent(d.b), Points(d.difference()), PointsInterval(d.interval)};
}

std::string RenderMetrics(const SetComparison& set) {
  TextTable table({"metric", "first", "second", "points", "95% interval"});
  if (set.greedy) table.add_row(DifferenceRow("pass@1 greedy", *set.greedy));
  for (const auto& [k, difference] : set.pass_at_k) {
    table.add_row(DifferenceRow(k == 1 ? "pass@1 drawn" : fmt::format("pass@{}", k), difference));
  }
  if (set.majority) table.add_row(DifferenceRow("majority vote", *set.majority));
  return table.render();
}

std::string Ids(const std::vector<std::string>& ids) {
  constexpr size_t kShown = 12;
  const auto shown = std::span(ids).first(std::min(ids.size(), kShown));
  if (ids.empty()) return "";
  return fmt::format(": {}{}", fmt::join(shown, ", "), ids.size() > kShown ? ", …" : "");
}

std::string RenderBins(const std::vector<DifficultyBin>& bins) {
  if (bins.empty()) return "";
  TextTable table({"success of the first's samples", "problems", "first", "second", "points"});
  for (const DifficultyBin& bin : bins) {
    if (bin.problems == 0) {
      table.add_row({std::string(bin.label), "0"});
      continue;
    }
    const auto n = static_cast<double>(bin.problems);
    table.add_row({std::string(bin.label),
                   Count(bin.problems),
                   Percent(static_cast<double>(bin.a_correct) / n),
                   Percent(static_cast<double>(bin.b_correct) / n),
                   Points(static_cast<double>(bin.b_correct - bin.a_correct) / n)});
  }
  return fmt::format("\n{}", table.render());
}

std::string RenderSet(const std::string& name, const SetComparison& set) {
  std::string text =
      fmt::format("\n{} ({} problems)\n{}", name, Count(set.problems), RenderMetrics(set));
  if (set.greedy) {
    text += fmt::format("  gained {}{}\n  lost {}{}\n  McNemar's exact p {}\n",
                        set.gained.size(),
                        Ids(set.gained),
                        set.lost.size(),
                        Ids(set.lost),
                        PValue(set.mcnemar_p));
  }
  return text + RenderBins(set.bins);
}

}  // namespace

absl::StatusOr<ComparedSide> LoadComparedSide(std::string_view text) {
  const Reference reference = Parse(text);
  if (!FileExists(reference.run + "/iterations")) {
    return InvalidInput(
        fmt::format("{} is not a run directory: it has no iterations", reference.run));
  }
  const std::vector<int64_t> evaluated = Evaluated(reference.run);
  if (evaluated.empty())
    return InvalidInput(fmt::format("{}: no iteration is evaluated yet", reference.run));
  const int64_t iteration =
      reference.iteration.empty() ? evaluated.back() : std::stoll(reference.iteration);
  ComparedSide side;
  side.label =
      fmt::format("{}:{}{}", reference.run, iteration, reference.control ? "/control" : "");
  side.path = fmt::format("{}/iterations/{:02}/{}eval.json",
                          reference.run,
                          iteration,
                          reference.control ? "control/" : "");
  if (!FileExists(side.path)) {
    return InvalidInput(fmt::format("{} has no evaluation ({}); evaluated iterations: {}",
                                    side.label,
                                    side.path,
                                    fmt::join(evaluated, ", ")));
  }
  RESTEM_ASSIGN_OR_RETURN(side.record, ReadEvalRecord(side.path));
  return side;
}

absl::StatusOr<Comparison> CompareSides(std::vector<ComparedSide> sides) {
  if (sides.size() < 2) return InvalidInput("compare needs at least two of RUN[:ITERATION]");
  Comparison comparison;
  for (size_t i = 1; i < sides.size(); ++i) {
    auto sets = CompareRecords(sides[0].record, sides[i].record);
    if (!sets.ok()) return Annotate(sets.status(), sides[0].label + " against " + sides[i].label);
    comparison.pairs.push_back({sides[0].label, sides[i].label, *std::move(sets)});
  }
  comparison.sides = std::move(sides);
  return comparison;
}

std::string RenderComparison(const Comparison& comparison) {
  std::string text;
  for (const ComparedPair& pair : comparison.pairs) {
    text += fmt::format("{}first   {}\nsecond  {}\n", text.empty() ? "" : "\n\n", pair.a, pair.b);
    for (const auto& [name, set] : pair.sets) text += RenderSet(name, set);
  }
  return text + fmt::format("\npoints: second minus first. Intervals: {}.\n", kIntervalMethod);
}

nlohmann::ordered_json ComparisonToJson(const Comparison& comparison) {
  nlohmann::ordered_json pairs = nlohmann::ordered_json::array();
  for (const ComparedPair& pair : comparison.pairs) {
    nlohmann::ordered_json sets = nlohmann::ordered_json::object();
    for (const auto& [name, set] : pair.sets) sets[name] = ToJson(set);
    pairs.push_back({{"a", pair.a}, {"b", pair.b}, {"sets", std::move(sets)}});
  }
  return {{"pairs", std::move(pairs)}};
}

}  // namespace restem
