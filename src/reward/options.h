// The `reward` section of a job, which is also the whole file of `restem verify --reward`.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "config/fields.h"
#include "reward/verifier.h"

namespace restem {

struct RewardOptions {
  std::string type = "numeric";  // a registered verifier type
  double max_error_rate = 0.05;  // of a stage's verdicts; above it, the stage stops
  std::optional<int64_t> jobs;   // verdicts worked on at once; auto: nullopt
  // The type's own fields, as visited; shared by copies of these options, and not changed once
  // read. Null until then.
  std::shared_ptr<VerifierSpec> spec;

  void visit(config::Fields& f);
};

}  // namespace restem
