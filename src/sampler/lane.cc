#include "sampler/lane.h"

#include <ATen/ops/clone.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <thread>
#include <utility>

namespace restem {
namespace {

std::span<const float> RowOf(const at::Tensor& logits, int64_t row) {
  const auto width = logits.size(-1);
  return {logits.const_data_ptr<float>() + row * width, static_cast<size_t>(width)};
}

}  // namespace

Lane::Lane(const LaneContext& context, const Model& model)
    : context_(context),
      token_sampler_(context.params),
      step_(model, context.pool),
      prompts_(
          {context.config, context.tokenizer, context.params, context.prefix, context.next_unit}) {}

absl::Status Lane::run() {
  while (!context_.stopped()) {
    drop_unwanted();
    share_rows();
    RESTEM_RETURN_IF_ERROR(start_samples());
    // So much work that the next steps are full.
    stats_.cancelled += prompts_.take_work(context_.max_rows - std::ssize(rows_));
    step_.clear();
    add_rows();
    add_prompts();
    if (step_.rows() > 0) {
      RESTEM_RETURN_IF_ERROR(step());
    } else if (rows_.empty() && prompts_.empty()) {
      rows_ = context_.handover.wait();
      if (rows_.empty()) return absl::OkStatus();
    } else {
      // Other lanes hold the pages: let them have the rest, too, and wait until they are done.
      give_up_all();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  return absl::OkStatus();
}

void Lane::drop_unwanted() {
  stats_.cancelled += static_cast<int64_t>(std::erase_if(
      rows_, [](const RunningRow& row) { return !row.request->wants(row.sample.index()); }));
  stats_.cancelled += prompts_.drop_unwanted();
}

// Half of the rows, for a lane that waits. Few rows take a step as long as twice as many.
void Lane::share_rows() {
  constexpr size_t kLeastRows = 16;
  if (rows_.size() < kLeastRows || !context_.handover.claim()) return;
  const auto half = rows_.begin() + static_cast<ptrdiff_t>(rows_.size() / 2);
  stats_.handed_over += rows_.end() - half;
  context_.handover.give({std::make_move_iterator(half), std::make_move_iterator(rows_.end())});
  rows_.erase(half, rows_.end());
}

// Starts what there is room for; a prompt that has nothing left to start goes.
absl::Status Lane::start_samples() {
  bool room = true;
  for (Prompt& prompt : prompts_) {
    while (room && prompt.logits.defined() && !prompt.to_start.empty()) {
      RESTEM_ASSIGN_OR_RETURN(room, start_one(prompt));
    }
  }
  prompts_.drop_started();
  return absl::OkStatus();
}

// False where there is no room for it yet.
absl::StatusOr<bool> Lane::start_one(Prompt& prompt) {
  if (static_cast<int64_t>(rows_.size()) >= context_.max_rows) return false;
  const int64_t own = prompt.length() + prompt.to_start.front().length() -
                      prompt.length() / kernels::kKeysPerPage * kernels::kKeysPerPage;
  if (!LeaveRoom(context_.pool, own, rows_.size())) return false;
  auto keys = prompt.keys.fork();
  if (!keys) return false;
  RunningSample sample = std::move(prompt.to_start.front());
  prompt.to_start.pop_front();
  if (sample.length() == 0) {
    RESTEM_ASSIGN_OR_RETURN(const bool ended, sample.step(RowOf(prompt.logits, 0), token_sampler_));
    if (ended) {
      RESTEM_RETURN_IF_ERROR(finish(std::move(sample)));
      return true;
    }
  }
  rows_.push_back({std::move(sample), prompt.request, *std::move(keys)});
  return true;
}

void Lane::add_rows() {
  for (size_t i = 0; i < rows_.size(); ++i) {
    RunningRow& row = rows_[i];
    // Each row behind this one gets at least one, too.
    const int64_t budget =
        context_.max_rows - step_.rows() - static_cast<int64_t>(rows_.size() - i - 1);
    const int64_t first = row.keys.keys();
    row.fed = std::min(budget, row.known() - first);
    while (!row.keys.reserve(first + row.fed)) {
      if (!free_pages(/*keep=*/i + 1)) {
        row.fed = 0;
        break;
      }
    }
    if (row.fed == 0) continue;
    const auto tokens =
        row.sample.tokens().subspan(static_cast<size_t>(first) - row.request->prompt_tokens.size(),
                                    static_cast<size_t>(row.fed));
    step_.add(row.keys, tokens, /*live=*/first + row.fed == row.known());
  }
}

// Pieces of the prompts that come next, as far as the budget goes.
void Lane::add_prompts() {
  for (Prompt& prompt : prompts_) {
    prompt.fed = 0;
    const int64_t first = prompt.keys.keys();
    const int64_t budget = context_.max_rows - step_.rows();
    if (prompt.logits.defined() || budget <= 0) continue;
    if (!prompt.reserve_whole(prompt.length(), context_.pool, rows_.size())) return;
    prompt.fed = std::min(budget, prompt.length() - first);
    step_.add(prompt.keys,
              std::span(prompt.request->prompt_tokens)
                  .subspan(static_cast<size_t>(first), static_cast<size_t>(prompt.fed)),
              /*live=*/first + prompt.fed == prompt.length());
  }
}

// Gives pages back that are not needed at once: those of prompts that wait, then those of the
// youngest sample that is not among the first `keep`. False if there is nothing to give.
bool Lane::free_pages(size_t keep) {
  if (prompts_.free_pages()) return true;
  if (rows_.size() <= keep) return false;
  preempt_last();
  return true;
}

void Lane::preempt_last() {
  RunningRow row = std::move(rows_.back());
  rows_.pop_back();
  ++stats_.preempted;
  prompts_.of(*row.request).to_start.push_front(std::move(row.sample));
}

void Lane::give_up_all() {
  while (free_pages(/*keep=*/0)) {
  }
}

// One forward pass, and one more token for each row that all tokens of were fed.
absl::Status Lane::step() {
  const at::Tensor logits = step_.run();
  int64_t live = 0;
  size_t kept = 0;
  for (size_t i = 0; i < rows_.size(); ++i) {
    RunningRow& row = rows_[i];
    row.keys.set_keys(row.keys.keys() + row.fed);
    bool ended = false;
    if (row.fed > 0 && row.keys.keys() == row.known()) {
      RESTEM_ASSIGN_OR_RETURN(ended, row.sample.step(RowOf(logits, live++), token_sampler_));
    }
    if (ended) {
      RESTEM_RETURN_IF_ERROR(finish(std::move(row.sample)));
    } else {
      if (kept != i) rows_[kept] = std::move(row);
      ++kept;
    }
  }
  rows_.erase(rows_.begin() + static_cast<ptrdiff_t>(kept), rows_.end());
  for (Prompt& prompt : prompts_) {
    if (prompt.fed == 0) continue;
    stats_.prompt_tokens += prompt.fed;
    prompt.keys.set_keys(prompt.keys.keys() + std::exchange(prompt.fed, 0));
    // A copy: a view would keep the other rows' logits too.
    if (prompt.computed()) prompt.logits = logits.select(0, live++).clone();
  }
  return absl::OkStatus();
}

absl::Status Lane::finish(RunningSample&& sample) {
  stats_.generated_tokens += sample.length();
  ++stats_.samples;
  return context_.emit(std::move(sample).finish());
}

}  // namespace restem
