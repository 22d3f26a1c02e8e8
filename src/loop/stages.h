// The stages of an iteration. Each reads finished files of the run directory and writes its own;
// each can be stopped at any instant and called again, with the outcome of a call that was never
// stopped.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "loop/run.h"

namespace restem {

// samples.jsonl: draws sampler.samples_per_problem completions of every training problem. They are
// judged meanwhile.
absl::Status RunSampleStage(Run& run, int64_t iteration);
// The share in it of a process that does not lead.
absl::Status HelpSampling(Run& run, int64_t iteration);

// Judges the samples of an iteration into the file `verdicts`, continuing its journal. Too many
// verifier errors are Failed, and nothing is written.
absl::StatusOr<ScoreCounts> ScoreSamples(Run& run, int64_t iteration, const std::string& verdicts);

// verdicts.jsonl: judges what is not judged yet. Too many verifier errors fail the stage.
absl::Status RunScoreStage(Run& run, int64_t iteration);

// dataset.jsonl of both arms: what is trained on.
absl::Status RunSelectStage(Run& run, int64_t iteration);

// checkpoint/: fine-tunes the base (or, with em.init: previous, the last checkpoint) on the arm's
// dataset.
absl::Status RunTrainStage(Run& run, int64_t iteration, Arm arm);
// The share in it of a process that does not lead. `call` begins with kTrainCall and is the
// leader's.
constexpr std::string_view kTrainCall = "train ";
absl::Status HelpTraining(Run& run, const std::string& call);

// The share in a measurement of a process that has a part of the model. `call` begins with
// kEvaluateCall and is the leader's.
constexpr std::string_view kEvaluateCall = "evaluate ";
absl::Status HelpEvaluating(Run& run, const std::string& call);

// eval.json: measures the arm's checkpoint, or for iteration 0 the base, on every test set.
absl::Status RunEvaluateStage(Run& run, int64_t iteration, Arm arm);

// The HF directory that iteration `n` ended with; the base for 0.
std::string ModelDir(const Run& run, int64_t n, Arm arm = Arm::kRestEm);

}  // namespace restem
