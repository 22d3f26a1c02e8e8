#include "report/html.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/file.h"
#include "report/format.h"
#include "report/html_sections.h"
#include "report/markup.h"
#include "report/show.h"

namespace restem {
namespace {

std::string Fact(std::string_view name, std::string_view value) {
  if (value.empty()) return "";
  return fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", Escape(name), Escape(value));
}

std::string Header(const RunReport& report) {
  const bool ran = report.started > 0.0;
  const std::string when =
      ran ? fmt::format(
                "{}, {}", UtcTime(report.started), Duration(report.last_event - report.started))
          : "";
  return fmt::format(
      "<header><p class=\"kind\">ReST-EM run</p>\n<h1>{}</h1>\n<span class=\"badge{}\">{}</span>\n"
      "<dl class=\"facts\">{}{}{}{}{}{}</dl></header>\n",
      Escape(report.name),
      report.done() ? " good" : "",
      Escape(DescribeState(report)),
      Fact("Base model", report.base_model),
      Fact("Reward", report.reward),
      Fact("Device", report.device),
      Fact("Seed", report.seed ? std::to_string(*report.seed) : ""),
      Fact("Started", when),
      Fact("Run directory", report.run_dir));
}

std::string Tile(std::string_view label,
                 std::string_view value,
                 std::string_view note,
                 std::string_view style = "") {
  return fmt::format(
      "<div class=\"tile\"><div class=\"label\">{}</div><div class=\"value {}\">{}</div>"
      "<div class=\"note\">{}</div></div>\n",
      Escape(label),
      style,
      Escape(value),
      Escape(note));
}

std::string LeadTile(std::string_view label, const SetComparison* versus_control) {
  const PairedDifference* lead =
      versus_control == nullptr ? nullptr : MainDifference(*versus_control);
  if (lead == nullptr) return "";
  return Tile(label,
              Points(lead->difference()),
              fmt::format("95%: {}", PointsInterval(lead->interval)),
              GainStyle(*lead));
}

// One test set: a tile for each figure.
std::string Tiles(const SetComparison& gain, const SetComparison* versus_control, int64_t best) {
  const PairedDifference* main = MainDifference(gain);
  std::string html =
      Tile("Base pass@1", Percent(main->a), gain.greedy ? "greedy" : "drawn samples");
  html += Tile(fmt::format("Iteration {} pass@1", best), Percent(main->b), "best iteration");
  html += Tile("Gain, points",
               Points(main->difference()),
               fmt::format("95%: {}", PointsInterval(main->interval)),
               GainStyle(*main));
  html += LeadTile("Over random control", versus_control);
  if (gain.majority) {
    html += Tile("Majority vote",
                 Percent(gain.majority->b),
                 fmt::format("base: {}", Percent(gain.majority->a)));
  }
  return html;
}

// Several test sets: the gain and the lead of each.
std::string SetTiles(const std::string& name, const IterationAnalysis& best) {
  const SetComparison* gain = FindComparison(best.versus_base, name);
  const PairedDifference* main = gain == nullptr ? nullptr : MainDifference(*gain);
  if (main == nullptr) return "";
  return Tile(fmt::format("{}, gain", name),
              Points(main->difference()),
              fmt::format("95%: {}", PointsInterval(main->interval)),
              GainStyle(*main)) +
         LeadTile(fmt::format("{}, over control", name), FindComparison(best.versus_control, name));
}

std::string Hero(const RunReport& report, const RunAnalysis& analysis) {
  const std::string headline = Headline(report, analysis);
  if (headline.empty()) {
    return "<div class=\"card hero\"><p class=\"headline\">No iteration has been evaluated "
           "yet.</p></div>\n";
  }
  const IterationAnalysis& best = *FindAnalysis(analysis, *analysis.best);
  std::string tiles;
  const SetComparison* only =
      report.sets.size() == 1 ? FindComparison(best.versus_base, report.sets.front()) : nullptr;
  if (only != nullptr) {
    tiles = Tiles(*only, FindComparison(best.versus_control, report.sets.front()), *analysis.best);
  } else {
    for (const std::string& set : report.sets) tiles += SetTiles(set, best);
  }
  if (!tiles.empty()) tiles = fmt::format("\n<div class=\"tiles\">{}</div>", tiles);
  return fmt::format(
      "<div class=\"card hero\"><p class=\"headline\">{}</p>{}</div>\n", Escape(headline), tiles);
}

std::string NotesSection(const RunReport& report, const RunAnalysis& analysis) {
  std::vector<std::string> notes = {
      "pass@1 is greedy decoding; pass@k is the unbiased estimate from drawn samples; the majority "
      "vote counts each "
      "sample's extracted answer, the first seen winning a tie.",
      fmt::format("Intervals of differences: {}. Gained and lost problems are tested with "
                  "McNemar's exact test.",
                  kIntervalMethod),
      "The best iteration is chosen by the test sets themselves (mean pass@1), so its figures are "
      "a little "
      "optimistic where iterations lie close together.",
      "A verifier's failure (error) counts as not correct here and is never trained on."};
  for (const auto* more : {&report.notes, &analysis.notes})
    notes.insert(notes.end(), more->begin(), more->end());
  std::string html = "<ul class=\"notes\">";
  for (const std::string& note : notes) html += fmt::format("<li>{}</li>", Escape(note));
  html += "</ul>";
  if (!report.job_text.empty()) {
    html += fmt::format(
        "<details class=\"card\"><summary>The job, as run</summary><pre>{}</pre></details>",
        Escape(report.job_text));
  }
  return Section("How to read this", "", html);
}

int IterationCount(const RunReport& report) {
  return report.iterations.empty()
             ? 1
             : static_cast<int>(std::max<int64_t>(report.iterations.back().iteration, 1));
}

}  // namespace

std::string IterationLabel(int64_t iteration) {
  return iteration == 0 ? "Base" : fmt::format("Iteration {}", iteration);
}

std::string IterationColour(int64_t iteration) { return fmt::format("i{}", iteration); }

const SetComparison* FindComparison(const std::map<std::string, SetComparison>& comparisons,
                                    const std::string& set) {
  const auto it = comparisons.find(set);
  return it == comparisons.end() ? nullptr : &it->second;
}

const IterationAnalysis* FindAnalysis(const RunAnalysis& analysis, int64_t iteration) {
  const auto it = analysis.iterations.find(iteration);
  return it == analysis.iterations.end() ? nullptr : &it->second;
}

std::string GainStyle(const PairedDifference& difference) {
  if (!difference.interval.excludes_zero()) return "";
  return difference.interval.low > 0.0 ? "good" : "bad";
}

std::string RenderRunHtml(const RunReport& report, const RunAnalysis& analysis) {
  const std::string body = Header(report) + Hero(report, analysis) +
                           AccuracySection(report, analysis) + LearningSection(report, analysis) +
                           TrainingSection(report) + ExamplesSection(report, analysis) +
                           NotesSection(report, analysis) +
                           fmt::format("<footer>Written by restem{}{} on {}.</footer>\n",
                                       report.version.empty() ? "" : " ",
                                       Escape(report.version),
                                       UtcTime(report.written));
  return Page(report.name, IterationCount(report), body);
}

absl::StatusOr<std::string> WriteRunHtml(const std::string& run_dir, const ProblemLookup& lookup) {
  RESTEM_ASSIGN_OR_RETURN(const RunReport report, LoadRunReport(run_dir, lookup));
  const std::string path = report.run_dir + "/report.html";
  RESTEM_RETURN_IF_ERROR(WriteFileAtomic(path, RenderRunHtml(report, Analyze(report))));
  return path;
}

}  // namespace restem
