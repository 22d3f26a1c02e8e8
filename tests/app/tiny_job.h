// A job that takes a second: a byte-level model of a few thousand weights that says whether a
// number is odd. What it says is right about half of the time, so every stage has something to do.
#pragma once

#include <string>

namespace restem::testing {

// Writes config.json, generation_config.json and a byte-level tokenizer.json: a model directory
// without weights.
void WriteScratchModel(const std::string& dir);

// A model directory with weights that know the form of an answer; trained by `restem train` on
// first use, once per test program.
const std::string& TrainedBase();

// Writes train.jsonl, validation.jsonl, test.jsonl and job.yaml into `dir`, with a copy of the
// trained base in base/. Returns job.yaml's path; the run directory is <dir>/runs/tiny.
std::string WriteTinyJob(const std::string& dir);

// `count` problems, one for each number from `first`.
std::string ParityProblems(int first, int count);

}  // namespace restem::testing
