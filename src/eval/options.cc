#include "eval/options.h"

#include <fmt/format.h>

#include <algorithm>

namespace restem {

void EvaluateOptions::visit(config::Fields& f) {
  f.boolean("greedy", greedy, "Measure pass@1 with greedy decoding.");
  f.integer("max_new_tokens",
            max_new_tokens,
            {.min = 1},
            "Longest completion, in tokens; by default sampler.max_new_tokens.");
  f.texts("stop", stop, "Strings that end a completion; by default sampler.stop.");
  f.require(std::find(stop.begin(), stop.end(), "") == stop.end(),
            "stop",
            "must not hold an empty string");
  f.integer("samples", samples, {.min = 0}, "Completions drawn per problem; 0: none.");
  if (f.reads()) {  // the defaults of k and majority follow from samples
    std::erase_if(k, [this](int64_t value) { return value > samples; });
    majority = std::min(majority, samples);
  }
  f.real("temperature", temperature, {.min = 0}, "Of the drawn completions.");
  f.real("top_p", top_p, {.min = 0, .max = 1, .open_min = true}, "Of the drawn completions.");
  f.integers("k", k, {.min = 1}, "The k of pass@k; by default the powers of 2 up to samples.");
  f.require(std::all_of(k.begin(), k.end(), [this](int64_t value) { return value <= samples; }),
            "k",
            fmt::format("must not go beyond samples, which is {}", samples));
  f.integer("majority", majority, {.min = 0}, "Votes of maj@k, at most samples; 0: none.");
  f.require(majority <= samples,
            "majority",
            fmt::format("must not go beyond samples, which is {}", samples));
}

}  // namespace restem
