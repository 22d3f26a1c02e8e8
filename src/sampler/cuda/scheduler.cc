#include "sampler/cuda/scheduler.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/shutdown.h"
#include "model/score.h"

namespace restem::cuda {

int64_t PromptPages(const SampleRequest& request) {
  return (static_cast<int64_t>(request.prompt_tokens.size()) - 1) / kernels::kKeysPerPage;
}

int32_t Scheduler::Row::token(int64_t position) const {
  const auto prompt = static_cast<int64_t>(request->prompt_tokens.size());
  return position < prompt ? request->prompt_tokens[static_cast<size_t>(position)]
                           : sample.tokens()[static_cast<size_t>(position - prompt)];
}

int64_t Scheduler::Row::tokens() const {
  return static_cast<int64_t>(request->prompt_tokens.size()) + sample.length() + in_flight;
}

Scheduler::Scheduler(const SchedulerContext& context) : context_(context) {
  for (int64_t slot = context.max_drawing; slot-- > 0;)
    free_slots_.push_back(static_cast<int32_t>(slot));
}

absl::Status Scheduler::run() {
  while (!StopRequested()) {
    drop_unwanted();
    drop_done();
    start_samples();
    take_work();
    plan();
    const bool launches = step_.rows() > 0;
    if (launches) RESTEM_RETURN_IF_ERROR(launch());
    if (under_way_.size() == StepRunner::kDepth || (!launches && !under_way_.empty())) {
      RESTEM_RETURN_IF_ERROR(collect());
    } else if (!launches) {
      if (rows_.empty() && prompts_.empty() && !more_work_) return absl::OkStatus();
      make_room();
    }
  }
  return absl::OkStatus();
}

void Scheduler::drop_unwanted() {
  for (Row& row : rows_) {
    if (row.ended || row.request->wants(row.sample.index())) continue;
    row.ended = true;
    ++stats_.cancelled;
  }
  for (Prompt& prompt : prompts_) {
    stats_.cancelled +=
        static_cast<int64_t>(std::erase_if(prompt.to_start, [&](const RunningSample& sample) {
          return !prompt.request->wants(sample.index());
        }));
  }
}

// A row that ended keeps its place until nothing of it is under way.
void Scheduler::drop_done() {
  for (auto row = rows_.begin(); row != rows_.end();) {
    if (row->ended && row->in_flight == 0) {
      free_slots_.push_back(row->slot);
      row = rows_.erase(row);
    } else {
      ++row;
    }
  }
  std::erase_if(prompts_, [](const Prompt& prompt) { return prompt.to_start.empty(); });
}

void Scheduler::start_samples() {
  for (Prompt& prompt : prompts_) {
    while (prompt.computed() && !prompt.to_start.empty()) {
      if (!start_one(prompt)) return;
    }
  }
}

// False where there is no room for it yet.
bool Scheduler::start_one(Prompt& prompt) {
  if (free_slots_.empty()) return false;
  const int64_t own = prompt.target() + 1 + prompt.to_start.front().length() -
                      PromptPages(*prompt.request) * kernels::kKeysPerPage;
  if (!has_room(own)) return false;
  auto keys = prompt.keys.fork();
  if (!keys) return false;
  rows_.push_back(
      {std::move(prompt.to_start.front()), prompt.request, *std::move(keys), free_slots_.back()});
  prompt.to_start.pop_front();
  free_slots_.pop_back();
  return true;
}

// Takes so much work that the next steps are full.
void Scheduler::take_work() {
  while (more_work_ &&
         static_cast<int64_t>(rows_.size()) + waiting() < 2 * context_.max_drawing) {
    const auto unit = context_.work.next();
    more_work_ = unit.has_value();
    if (!unit) return;
    // The last token drawn is never an input, so a completion may be one longer than the positions
    // left.
    const auto length = static_cast<int64_t>(unit->request->prompt_tokens.size());
    const int64_t room = context_.config.max_position_embeddings - length + 1;
    for (const int64_t index : unit->samples) {
      if (!unit->request->wants(index)) {
        ++stats_.cancelled;
        continue;
      }
      prompt_of(*unit->request)
          .to_start.emplace_back(*unit->request,
                                 index,
                                 context_.params,
                                 context_.config,
                                 context_.tokenizer,
                                 room);
    }
  }
}

// The request's prompt that waits to be computed or forked; a new one if need be.
Scheduler::Prompt& Scheduler::prompt_of(const SampleRequest& request) {
  const auto found = std::find_if(prompts_.begin(), prompts_.end(), [&](const Prompt& prompt) {
    return prompt.request == &request;
  });
  if (found != prompts_.end()) return *found;
  // The prefix is whole pages, so that its fork takes none.
  prompts_.push_back({&request, *context_.prefix.fork(), {}});
  ++stats_.prompt_tokens;  // the last one, which its samples feed
  return prompts_.back();
}

int64_t Scheduler::waiting() const {
  size_t count = 0;
  for (const Prompt& prompt : prompts_) count += prompt.to_start.size();
  return static_cast<int64_t>(count);
}

void Scheduler::plan() {
  step_.clear();
  drawing_.clear();
  for (Row& row : rows_) plan_draw(row);
  for (Row& row : rows_) plan_missing_keys(row);
  for (Prompt& prompt : prompts_) plan_prompt(prompt);
}

// A row that finds no page for its next key waits for one.
void Scheduler::plan_draw(Row& row) {
  if (row.ended || row.missing() != 1 || budget() <= 0) return;
  if (row.sample.length() + row.in_flight >= row.sample.limit()) return;
  const int64_t position = row.keys.keys();
  if (!row.keys.reserve(position + 1)) return;
  step_.draw({row.keys.pages(), PromptPages(*row.request)},
             {.slot = row.slot,
              .given = row.in_flight > 0 ? -1 : row.token(position),
              .position = position,
              .stream = row.sample.stream(),
              .counter = static_cast<uint64_t>(row.sample.length() + row.in_flight)});
  row.keys.set_keys(position + 1);
  drawing_.push_back(&row);
}

// Of a sample that gave up its pages: all but the newest token's.
void Scheduler::plan_missing_keys(Row& row) {
  const int64_t first = row.keys.keys();
  const int64_t count = std::min(row.missing() - 1, budget());
  if (row.ended || row.in_flight > 0 || count <= 0 || !row.keys.reserve(first + count)) return;
  std::vector<int32_t> tokens;
  for (int64_t i = first; i < first + count; ++i) tokens.push_back(row.token(i));
  step_.feed({row.keys.pages(), PromptPages(*row.request)}, tokens, first);
  row.keys.set_keys(first + count);
}

void Scheduler::plan_prompt(Prompt& prompt) {
  const int64_t first = prompt.keys.keys();
  const int64_t count = std::min(prompt.target() - first, budget());
  if (count <= 0) return;
  // The whole prompt at once: two halves that wait for each other's pages would wait for ever.
  if (!has_room(prompt.target() - first) || !prompt.keys.reserve(prompt.target())) return;
  const auto tokens = std::span(prompt.request->prompt_tokens)
                          .subspan(static_cast<size_t>(first), static_cast<size_t>(count));
  step_.feed({prompt.keys.pages(), PromptPages(*prompt.request)}, tokens, first);
  prompt.keys.set_keys(first + count);
  stats_.prompt_tokens += count;
}

// Whether new keys leave some pages for running samples to grow into.
bool Scheduler::has_room(int64_t keys) const {
  if (rows_.empty()) return true;
  return context_.pool.free_pages() > PagesFor(keys) + static_cast<int64_t>(rows_.size()) / 2;
}

// Nothing is under way, and nothing can be launched: pages are given back, those of the last prompt
// that waits, or else of the youngest sample, which is computed again later.
void Scheduler::make_room() {
  for (auto prompt = prompts_.rbegin(); prompt != prompts_.rend(); ++prompt) {
    if (prompt->keys.pages().size() == context_.prefix.pages().size()) continue;
    prompt->keys = *context_.prefix.fork();
    return;
  }
  if (rows_.empty()) return;
  Row row = std::move(rows_.back());
  rows_.pop_back();
  free_slots_.push_back(row.slot);
  if (row.ended) return;
  ++stats_.preempted;
  prompt_of(*row.request).to_start.push_front(std::move(row.sample));
}

absl::Status Scheduler::launch() {
  RESTEM_RETURN_IF_ERROR(context_.runner.launch(step_));
  for (Row* row : drawing_) ++row->in_flight;
  under_way_.push_back(drawing_);
  return absl::OkStatus();
}

absl::Status Scheduler::collect() {
  RESTEM_ASSIGN_OR_RETURN(const std::vector<TokenDraw> draws, context_.runner.collect());
  const std::vector<Row*> rows = std::move(under_way_.front());
  under_way_.pop_front();
  for (size_t i = 0; i < rows.size(); ++i) {
    Row& row = *rows[i];
    --row.in_flight;
    if (row.ended) continue;
    if (!std::isfinite(draws[i].logprob)) return LogitsNotFinite();
    if (row.sample.accept(draws[i])) RESTEM_RETURN_IF_ERROR(finish(row));
  }
  return absl::OkStatus();
}

absl::Status Scheduler::finish(Row& row) {
  row.ended = true;
  stats_.generated_tokens += row.sample.length();
  ++stats_.samples;
  return context_.emit(std::move(row.sample).finish());
}

}  // namespace restem::cuda
