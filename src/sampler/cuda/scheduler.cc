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

Scheduler::Scheduler(const SchedulerContext& context)
    : context_(context),
      prompts_({context.config,
                context.tokenizer,
                context.params,
                context.prefix,
                [&work = context.work] { return work.next(); }}) {
  for (int64_t slot = context.max_drawing; slot-- > 0;)
    free_slots_.push_back(static_cast<int32_t>(slot));
}

absl::Status Scheduler::run() {
  while (!StopRequested()) {
    drop_unwanted();
    drop_done();
    start_samples();
    // So much work that prompts are computed before their samples are wanted.
    stats_.cancelled += prompts_.take_work(2 * context_.max_drawing - std::ssize(rows_));
    plan();
    const bool launches = step_.drawing() + step_.feeding() > 0;
    if (launches) RESTEM_RETURN_IF_ERROR(launch());
    if (under_way_.size() == StepRunner::kDepth || (!launches && !under_way_.empty())) {
      RESTEM_RETURN_IF_ERROR(collect());
    } else if (!launches) {
      if (rows_.empty() && prompts_.empty()) return absl::OkStatus();
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
  stats_.cancelled += prompts_.drop_unwanted();
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
  prompts_.drop_started();
}

// While samples that run wait for pages, nothing else may take them.
void Scheduler::start_samples() {
  if (starved_) return;
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
  if (!LeaveRoom(context_.pool, own, rows_.size())) return false;
  auto keys = prompt.keys.fork();
  if (!keys) return false;
  const RunningSample& sample = prompt.to_start.front();
  // The prompt's last token is its samples' to feed; counted once.
  if (sample.length() == 0 && sample.index() == prompt.request->samples.front())
    ++stats_.prompt_tokens;
  rows_.push_back(
      {std::move(prompt.to_start.front()), prompt.request, *std::move(keys), free_slots_.back()});
  prompt.to_start.pop_front();
  free_slots_.pop_back();
  return true;
}

void Scheduler::plan() {
  step_.clear();
  drawing_.clear();
  starved_ = false;
  for (Row& row : rows_) plan_draw(row);
  for (Row& row : rows_) plan_missing_keys(row);
  for (Prompt& prompt : prompts_) plan_prompt(prompt);
}

// A row that finds no page for its next key waits for one.
void Scheduler::plan_draw(Row& row) {
  if (row.ended || row.missing() != 1 || drawing_left() <= 0) return;
  if (row.sample.length() + row.in_flight >= row.sample.limit()) return;
  const int64_t position = row.keys.keys();
  if (!reserve(row, position + 1)) return;
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
  const int64_t count = std::min(row.missing() - 1, feeding_left());
  if (row.ended || row.in_flight > 0 || count <= 0 || !reserve(row, first + count)) return;
  std::vector<int32_t> tokens;
  for (int64_t i = first; i < first + count; ++i) tokens.push_back(row.token(i));
  step_.feed({row.keys.pages(), PromptPages(*row.request)}, tokens, first);
  row.keys.set_keys(first + count);
}

bool Scheduler::reserve(Row& row, int64_t keys) {
  const bool reserved = row.keys.reserve(keys);
  starved_ = starved_ || !reserved;
  return reserved;
}

void Scheduler::plan_prompt(Prompt& prompt) {
  const int64_t first = prompt.keys.keys();
  const int64_t count = std::min(prompt.target() - first, feeding_left());
  if (count <= 0 || starved_) return;
  if (!prompt.reserve_whole(prompt.target(), context_.pool, rows_.size())) return;
  const auto tokens = std::span(prompt.request->prompt_tokens)
                          .subspan(static_cast<size_t>(first), static_cast<size_t>(count));
  step_.feed({prompt.keys.pages(), PromptPages(*prompt.request)}, tokens, first);
  prompt.keys.set_keys(first + count);
  stats_.prompt_tokens += count;
}

// Nothing is under way, and nothing can be launched: pages are given back, those of the last prompt
// that waits, or else of the youngest sample, which is computed again later.
void Scheduler::make_room() {
  if (prompts_.free_pages()) return;
  if (rows_.empty()) return;
  Row row = std::move(rows_.back());
  rows_.pop_back();
  free_slots_.push_back(row.slot);
  ++stats_.preempted;
  prompts_.of(*row.request).to_start.push_front(std::move(row.sample));
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
