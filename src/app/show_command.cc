// restem show and restem compare: what is known of finished and running runs.
#include <fmt/format.h>

#include <cstdio>

#include "app/commands.h"
#include "app/flags.h"
#include "base/file.h"
#include "report/comparison.h"
#include "report/html.h"
#include "report/problem_view.h"
#include "report/show.h"

namespace restem {
namespace {

struct ShowFlags {
  CommonFlags common;
  std::string problem;

  void visit(config::Fields& f) {
    common.visit(f);
    f.text("problem", problem, "Show every sample and verdict of this problem.");
  }
};

struct CompareFlags {
  CommonFlags common;
  std::string json;
  std::string html;

  void visit(config::Fields& f) {
    common.visit(f);
    f.path("json", json, "Write the comparison here, for programs.");
    f.path("html", html, "Write the comparison here, as a page.");
  }
};

}  // namespace

absl::Status ShowCommand(const Args& args) {
  ShowFlags flags;
  std::vector<std::string> positionals;
  RESTEM_ASSIGN_OR_RETURN(const bool go_on,
                          ParseCommand(args, "restem show RUN [--problem ID]", flags, positionals));
  if (!go_on) return absl::OkStatus();
  if (positionals.size() != 1) return InvalidInput("expected one run directory");
  if (!flags.problem.empty()) {
    RESTEM_ASSIGN_OR_RETURN(const std::string text, RenderProblem(positionals[0], flags.problem));
    fmt::print("{}\n", text);
    return absl::OkStatus();
  }
  RESTEM_ASSIGN_OR_RETURN(const RunReport report, LoadRunReport(positionals[0]));
  fmt::print("{}\n", RenderShow(report, Analyze(report)));
  return absl::OkStatus();
}

absl::Status CompareCommand(const Args& args) {
  CompareFlags flags;
  std::vector<std::string> positionals;
  RESTEM_ASSIGN_OR_RETURN(
      const bool go_on,
      ParseCommand(args,
                   "restem compare RUN[:ITER] RUN[:ITER]... [--json FILE] [--html FILE]",
                   flags,
                   positionals));
  if (!go_on) return absl::OkStatus();
  if (positionals.size() < 2) return InvalidInput("expected at least two of RUN[:ITER]");
  std::vector<ComparedSide> sides;
  for (const std::string& reference : positionals) {
    RESTEM_ASSIGN_OR_RETURN(ComparedSide side, LoadComparedSide(reference));
    sides.push_back(std::move(side));
  }
  RESTEM_ASSIGN_OR_RETURN(const Comparison comparison, CompareSides(std::move(sides)));
  if (!flags.json.empty())
    RESTEM_RETURN_IF_ERROR(
        WriteFileAtomic(flags.json, ComparisonToJson(comparison).dump(2) + "\n"));
  if (!flags.html.empty())
    RESTEM_RETURN_IF_ERROR(WriteFileAtomic(flags.html, RenderComparisonHtml(comparison)));
  fmt::print("{}\n", RenderComparison(comparison));
  return absl::OkStatus();
}

}  // namespace restem
