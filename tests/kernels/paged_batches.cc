#include "kernels/paged_batches.h"

namespace restem::testing {

PagedProblem SampleBatch() {
  PagedProblem problem;
  const int32_t long_prompt = problem.add_prompt(300);
  for (const int32_t own : {1, 4, 5, 16, 20, 21, 212, 213, 468})
    problem.add_row(problem.add_sequence(long_prompt, own), 300 + own - 1);
  const int32_t of_pages = problem.add_prompt(64);
  for (const int32_t own : {1, 15, 16, 17, 17})
    problem.add_row(problem.add_sequence(of_pages, own), 64 + own - 1);
  problem.add_row(problem.add_sequence(problem.add_prompt(7), 3), 9);
  problem.add_row(problem.add_sequence(problem.add_prompt(1), 0), 0);
  return problem;
}

PagedProblem MixedBatch(bool rows_that_are_none) {
  PagedProblem problem;
  const int32_t prompt = problem.add_prompt(290);
  const int32_t whole = problem.add_sequence(prompt, 0);
  for (int32_t position = 247; position < 265; ++position) problem.add_row(whole, position);
  if (rows_that_are_none) problem.add_row(whole, -1);
  for (const int32_t own : {2, 30}) problem.add_row(problem.add_sequence(prompt, own), 289 + own);
  const int32_t start = problem.add_sequence(problem.add_prompt(40), 0);
  for (int32_t position = 0; position < 5; ++position) problem.add_row(start, position);
  for (int i = 0; i < 3 && rows_that_are_none; ++i) problem.add_row(start, -1);
  return problem;
}

PagedProblem ManySamples(int samples) {
  PagedProblem problem;
  const int32_t prompt = problem.add_prompt(50);
  for (int32_t i = 0; i < samples; ++i)
    problem.add_row(problem.add_sequence(prompt, 1 + i * 7 % 40), 50 + i * 7 % 40);
  const int32_t longer = problem.add_prompt(90, prompt);
  for (const int32_t own : {1, 2, 3}) problem.add_row(problem.add_sequence(longer, own), 89 + own);
  return problem;
}

}  // namespace restem::testing
