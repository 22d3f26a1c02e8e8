// Prompts that are being computed or have samples to start: what lanes on the CPU and the scheduler
// of a GPU have in common.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <optional>

#include "model/kv_cache.h"
#include "sampler/running_sample.h"
#include "sampler/work_list.h"

namespace restem {

// Whether new keys leave some pages for `running` samples to grow into.
inline bool LeaveRoom(const KvPagePool& pool, int64_t keys, size_t running) {
  return running == 0 || pool.free_pages() > PagesFor(keys) + static_cast<int64_t>(running) / 2;
}

// A request's prompt: computed once, piece by piece; then its samples fork from it.
struct WaitingPrompt {
  const SampleRequest* request;
  KvSequence keys;
  std::deque<RunningSample> to_start;  // also samples that gave up their pages

  int64_t length() const { return static_cast<int64_t>(request->prompt_tokens.size()); }
  // All of so many keys at once: two prompts that wait for each other's pages would wait for ever.
  bool reserve_whole(int64_t count, const KvPagePool& pool, size_t running) {
    const bool reserved = PagesFor(count) <= std::ssize(keys.pages());
    return (reserved || LeaveRoom(pool, count - keys.keys(), running)) && keys.reserve(count);
  }
  // The keys were given back.
  void forget() {}
};

struct WaitingPromptsContext {
  const ModelConfig& config;
  const Tokenizer& tokenizer;
  const SamplingParams& params;
  const KvSequence& prefix;  // that all prompts begin with: whole pages, or none
  std::function<std::optional<WorkUnit>()> next_unit;  // nullopt: no more work
};

// `Prompt` is a WaitingPrompt or more. In the order in which they came.
template <typename Prompt>
class WaitingPrompts {
 public:
  explicit WaitingPrompts(WaitingPromptsContext context) : context_(std::move(context)) {}

  auto begin() { return prompts_.begin(); }
  auto end() { return prompts_.end(); }
  bool empty() const { return prompts_.empty(); }

  // Takes work until so many samples wait or there is none left. Returns how many were not wanted
  // any more.
  int64_t take_work(int64_t wanted) {
    int64_t unwanted = 0;
    while (more_work_ && samples() < wanted) {
      const auto unit = context_.next_unit();
      more_work_ = unit.has_value();
      if (unit) unwanted += add(*unit);
    }
    return unwanted;
  }

  // The request's prompt that waits; a new one if need be.
  Prompt& of(const SampleRequest& request) {
    const auto found = std::find_if(prompts_.begin(), prompts_.end(), [&](const Prompt& prompt) {
      return prompt.request == &request;
    });
    if (found != prompts_.end()) return *found;
    // The prefix is whole pages, so that its fork takes none.
    prompts_.push_back({{&request, *context_.prefix.fork(), {}}});
    return prompts_.back();
  }

  // Returns how many samples went.
  int64_t drop_unwanted() {
    size_t count = 0;
    for (Prompt& prompt : prompts_) {
      count += std::erase_if(prompt.to_start, [&](const RunningSample& sample) {
        return !prompt.request->wants(sample.index());
      });
    }
    return static_cast<int64_t>(count);
  }

  // Those that have nothing left to start go.
  void drop_started() {
    std::erase_if(prompts_, [](const Prompt& prompt) { return prompt.to_start.empty(); });
  }

  // Gives back the pages of the last prompt that has any but the prefix'. False if there is none.
  bool free_pages() {
    for (auto prompt = prompts_.rbegin(); prompt != prompts_.rend(); ++prompt) {
      if (prompt->keys.pages().size() == context_.prefix.pages().size()) continue;
      prompt->keys = *context_.prefix.fork();
      prompt->forget();
      return true;
    }
    return false;
  }

 private:
  int64_t samples() const {
    size_t count = 0;
    for (const Prompt& prompt : prompts_) count += prompt.to_start.size();
    return static_cast<int64_t>(count);
  }

  int64_t add(const WorkUnit& unit) {
    // The last token drawn is never an input, so a completion may be one longer than the positions
    // left.
    const auto length = static_cast<int64_t>(unit.request->prompt_tokens.size());
    const int64_t room = context_.config.max_position_embeddings - length + 1;
    int64_t unwanted = 0;
    for (const int64_t index : unit.samples) {
      if (!unit.request->wants(index)) {
        ++unwanted;
        continue;
      }
      of(*unit.request)
          .to_start.emplace_back(
              *unit.request, index, context_.params, context_.config, context_.tokenizer, room);
    }
    return unwanted;
  }

  const WaitingPromptsContext context_;
  std::deque<Prompt> prompts_;
  bool more_work_ = true;
};

}  // namespace restem
