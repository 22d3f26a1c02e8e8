#include "sampler/options.h"

#include <algorithm>

namespace restem {
namespace {

void VisitEngine(config::Fields& f,
                 std::optional<int64_t>& batch_tokens,
                 std::optional<int64_t>& kv_cache_memory) {
  f.auto_or("batch_tokens",
            batch_tokens,
            {.min = 1, .max = 1 << 20},
            "Tokens of one step over all threads, running samples and pieces of prompts; auto: 128 "
            "a thread, on a GPU 1024, of which samples are at most half.");
  f.auto_or_bytes(
      "kv_cache_memory",
      kv_cache_memory,
      "Most memory for keys and values, e.g. 4GB; auto: half of the machine's, on a GPU "
      "what weights and activations leave.");
}

SamplingParams ToParams(const DrawOptions& draw) {
  SamplingParams params;
  params.temperature = draw.temperature;
  params.top_k = draw.top_k;
  params.top_p = draw.top_p;
  params.max_new_tokens = draw.max_new_tokens;
  params.stop = draw.stop;
  return params;
}

}  // namespace

void DrawOptions::visit(config::Fields& f) {
  f.real("temperature", temperature, {.min = 0}, "Divides the logits; 0 is greedy.");
  f.integer("top_k", top_k, {.min = 0}, "Draw among the k likeliest tokens; 0: all.");
  f.real("top_p",
         top_p,
         {.min = 0, .max = 1, .open_min = true},
         "Draw among the fewest likeliest tokens that hold this probability; 1: all.");
  f.integer("max_new_tokens", max_new_tokens, {.min = 1}, "Longest completion, in tokens.");
  f.texts("stop",
          stop,
          "A completion ends before the first of these strings. The sampler's default is none with "
          "prompt.chat.");
  f.require(std::find(stop.begin(), stop.end(), "") == stop.end(),
            "stop",
            "must not hold an empty string");
}

SamplerOptions::SamplerOptions() {
  temperature = 0.7;
  top_k = 40;
  stop = {"\n\n"};
}

void SamplerOptions::visit(config::Fields& f) {
  f.integer("samples_per_problem",
            samples_per_problem,
            {.min = 1},
            "Completions drawn for each training problem in each iteration.");
  DrawOptions::visit(f);
  f.integer("stop_at_correct",
            stop_at_correct,
            {.min = 0},
            "Keep a problem's samples only up to the one that makes this many correct ones with "
            "different texts; the rest are cancelled. Saves time, but what is kept is no longer a "
            "fair draw: shares of correct samples and lengths of training samples are biased, and "
            "so is the random control. 0: draw all.");
  f.require(stop_at_correct <= samples_per_problem,
            "stop_at_correct",
            "is more than samples_per_problem: no problem would be stopped");
  VisitEngine(f, batch_tokens, kv_cache_memory);
  f.integer("tensor_parallel_size",
            tensor_parallel_size,
            {.min = 1},
            "Neighbouring ranks that compute one model together, each a part of every matrix.");
}

SamplingParams SamplerOptions::params() const { return ToParams(*this); }

void GenerateOptions::visit(config::Fields& f) {
  f.integer("samples", samples, {.min = 1}, "Completions drawn for each prompt.");
  DrawOptions::visit(f);
  f.boolean("ignore_eos", ignore_eos, "Go on past the end-of-sequence token.");
  VisitEngine(f, batch_tokens, kv_cache_memory);
}

SamplingParams GenerateOptions::params() const {
  SamplingParams params = ToParams(*this);
  params.ignore_eos = ignore_eos;
  return params;
}

}  // namespace restem
