// From samples and verdicts to the training sets of both arms.
#include <fmt/format.h>

#include "base/file.h"
#include "data/records.h"
#include "data/select.h"
#include "loop/stages.h"

namespace restem {
namespace {

absl::Status RecordCounts(Run& run, int64_t iteration, const SelectStats& stats) {
  return run.metrics->record("select",
                             iteration,
                             /*step=*/-1,
                             {{"problems", stats.problems},
                              {"samples", stats.samples},
                              {"correct", stats.correct},
                              {"kept", stats.kept},
                              {"capped", stats.capped},
                              {"zero_correct", stats.zero_correct},
                              {"duplicates", stats.duplicates},
                              {"truncated", stats.truncated},
                              {"errors", stats.errors}});
}

std::string Explain(const SelectStats& stats, int64_t iteration, const std::string& run_dir) {
  return fmt::format(
      "iteration {}: no sample can be trained on: of {} samples {} are correct, {} of those were "
      "cut at max_new_tokens. See what they say with `restem show {} --problem ID`: the reward may "
      "read them wrongly; else an easier problem set, more samples, or a longer max_new_tokens "
      "would give some. A changed job or reward needs --fresh",
      iteration,
      stats.samples,
      stats.correct,
      stats.truncated_correct,
      run_dir);
}

absl::Status SelectSamples(Run& run, int64_t iteration) {
  const JobInputs& inputs = run.inputs;
  RESTEM_ASSIGN_OR_RETURN(const auto samples, ReadSamples(run.paths.samples(iteration)));
  RESTEM_ASSIGN_OR_RETURN(const auto verdicts, ReadVerdicts(run.paths.verdicts(iteration)));
  const SelectInput input = {inputs.train.problems,
                             inputs.train.prompts,
                             samples,
                             verdicts,
                             inputs.job.select,
                             inputs.job.train.weighting,
                             static_cast<uint64_t>(inputs.job.seed),
                             static_cast<uint64_t>(iteration)};
  RESTEM_ASSIGN_OR_RETURN(const Selection selection, SelectCorrect(input));
  if (selection.examples.empty())
    return Failed(Explain(selection.stats, iteration, run.paths.root()));
  RESTEM_RETURN_IF_ERROR(
      WriteExamples(run.paths.dataset(iteration, Arm::kRestEm), selection.examples));
  if (inputs.job.control == "random") {
    RESTEM_ASSIGN_OR_RETURN(const Selection control, SelectRandomControl(input));
    RESTEM_RETURN_IF_ERROR(MakeDirs(run.paths.arm(iteration, Arm::kControl)));
    RESTEM_RETURN_IF_ERROR(
        WriteExamples(run.paths.dataset(iteration, Arm::kControl), control.examples));
  }
  return RecordCounts(run, iteration, selection.stats);
}

}  // namespace

absl::Status RunSelectStage(Run& run, int64_t iteration) {
  if (run.inputs.trains_on_solutions()) {
    return InvalidInput(
        "train.examples: solutions takes the human solutions themselves: there is nothing to "
        "select");
  }
  return SelectSamples(run, iteration);
}

}  // namespace restem
