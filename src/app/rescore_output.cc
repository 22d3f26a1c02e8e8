#include "app/rescore_output.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "base/log.h"

namespace restem {

using nlohmann::ordered_json;

void PrintRescore(const RescoreOutcome& outcome, int64_t iteration) {
  const VerdictDifference& difference = outcome.difference;
  for (const auto& [before, now] : difference.first) {
    const ordered_json line = {{"problem", now.problem},
                               {"sample", now.sample},
                               {"old", ToString(before.verdict)},
                               {"new", ToString(now.verdict)},
                               {"old_extracted", before.extracted},
                               {"new_extracted", now.extracted}};
    fmt::print("{}\n", line.dump());
  }
  ordered_json summary = {{"iteration", iteration}};
  summary["old"] = difference.before ? ordered_json(*difference.before) : ordered_json();
  summary["new"] = difference.now;
  summary["changed"] = difference.changed;
  summary["changes"] = difference.kinds;
  summary["kept"] = outcome.kept;
  summary["from_old_verdicts"] = outcome.derived;
  fmt::print("{}\n", summary.dump());
}

void ExplainRescore(const Run& run, const RescoreOutcome& outcome, int64_t iteration) {
  if (outcome.redo) {
    spdlog::info(
        "taken back: {}; `restem run` continues after `score` of iteration {}",
        outcome.derived.empty() ? "nothing" : fmt::format("{}", fmt::join(outcome.derived, ", ")),
        iteration);
  } else if (!outcome.derived.empty()) {
    spdlog::warn(
        "these stages were made from the old verdicts and stay as they are: {}; the same command "
        "with --redo takes them back, and `restem run` makes them anew",
        fmt::join(outcome.derived, ", "));
  }
  std::vector<std::string> others;
  for (int64_t n = 0; n <= run.inputs.job.em.iterations; ++n) {
    for (const Stage stage : {Stage::kScore, Stage::kEvaluate}) {
      if ((n != iteration || stage != Stage::kScore) && run.state.is_complete(n, stage))
        others.push_back(fmt::format("{:02}/{}", n, ToString(stage)));
    }
  }
  if (others.empty()) return;
  spdlog::warn("judged before, so by the old reward if it changed: {}; compare with care",
               fmt::join(others, ", "));
}

}  // namespace restem
