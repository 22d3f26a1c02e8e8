// How varied a set of samples is. Diversity tends to fall with each iteration while pass@1 rises;
// pass@k at large k, distinct solutions and answer entropy show it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace restem {

// A completion's text with runs of white space collapsed and the ends trimmed: what counts as the
// same solution.
std::string NormalizedSolution(std::string_view text);

// Number of different strings.
int64_t CountDistinct(std::span<const std::string> items);

// Shannon entropy, in bits, of the distribution of strings: 0 when all agree, log2(n) when all n
// differ.
double EntropyBits(std::span<const std::string> items);

// Which part of the training problems an iteration could learn from, and what the selection left of
// it.
struct SelectionCounts {
  int64_t problems = 0;      // training problems sampled
  int64_t kept = 0;          // samples in the training set
  int64_t capped = 0;        // problems with more correct samples than the cap lets through
  int64_t zero_correct = 0;  // problems without any correct sample: nothing is learned from them
  int64_t duplicates = 0;    // correct samples dropped since another of the problem reads the same
  int64_t truncated = 0;     // samples that ran into max_new_tokens
};

}  // namespace restem
