// The `evaluate` section of a job.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/fields.h"

namespace restem {

struct EvaluateOptions {
  bool greedy = true;
  int64_t max_new_tokens = 512;              // a job's default: sampler.max_new_tokens
  std::vector<std::string> stop = {"\n\n"};  // a job's default: sampler.stop
  int64_t samples = 64;                      // drawn per problem for pass@k and maj@k; 0: none
  double temperature = 1.0;
  double top_p = 0.95;
  std::vector<int64_t> k = {1, 2, 4, 8, 16, 32, 64};  // by default those up to `samples`
  int64_t majority = 64;                              // by default at most `samples`; 0: none

  void visit(config::Fields& f);
};

}  // namespace restem
