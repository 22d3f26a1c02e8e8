// Batches of rows that attention over pages meets.
#pragma once

#include "kernels/paged_problem.h"

namespace restem::testing {

// Prompts of whole and broken pages, within and beyond a split of 256 keys, shared by up to nine
// samples whose own keys end around the ends of pages and splits.
PagedProblem SampleBatch();

// Chunks of prompts beside samples, and rows that are none if asked for: a GPU skips them.
PagedProblem MixedBatch(bool rows_that_are_none);

// As many samples as a prompt may have, and neighbours whose prompts share a beginning only: their
// prompts end at different pages.
PagedProblem ManySamples(int samples);

}  // namespace restem::testing
