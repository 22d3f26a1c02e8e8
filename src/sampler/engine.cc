#include "sampler/engine.h"

namespace restem {

void GenerationStats::add(const GenerationStats& other) {
  samples += other.samples;
  prompt_tokens += other.prompt_tokens;
  generated_tokens += other.generated_tokens;
  cancelled += other.cancelled;
  preempted += other.preempted;
  handed_over += other.handed_over;
}

}  // namespace restem
