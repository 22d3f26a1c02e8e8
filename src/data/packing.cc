#include "data/packing.h"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace restem {
namespace {

using Indices = std::vector<size_t>;

// Numbers the distinct (problem, prompt) pairs in the order in which they come up.
class PromptIds {
 public:
  explicit PromptIds(std::span<const TrainingExample> examples) : examples_(examples) {}

  size_t of(size_t index) {
    auto& known = by_problem_[examples_[index].problem];
    for (const auto& [first, id] : known) {
      if (examples_[first].prompt_tokens == examples_[index].prompt_tokens) return id;
    }
    known.emplace_back(index, count_);
    return count_++;
  }

 private:
  std::span<const TrainingExample> examples_;
  std::unordered_map<std::string_view, std::vector<std::pair<size_t, size_t>>> by_problem_;
  size_t count_ = 0;
};

int64_t CompletionRows(const TrainingExample& example) {
  return std::max<int64_t>(0, static_cast<int64_t>(example.tokens.size()) - 1);
}

// Rows of a growing list of examples.
class RowCounter {
 public:
  RowCounter(std::span<const TrainingExample> examples, PromptIds& prompts)
      : examples_(examples), prompts_(prompts) {}

  int64_t rows() const { return rows_; }
  int64_t cost(size_t index) {
    const bool shares = seen_.contains(prompts_.of(index));
    return CompletionRows(examples_[index]) +
           (shares ? 0 : static_cast<int64_t>(examples_[index].prompt_tokens.size()));
  }
  void add(size_t index) {
    rows_ += cost(index);
    seen_.insert(prompts_.of(index));
  }
  void clear() {
    rows_ = 0;
    seen_.clear();
  }

 private:
  std::span<const TrainingExample> examples_;
  PromptIds& prompts_;
  std::unordered_set<size_t> seen_;
  int64_t rows_ = 0;
};

int64_t CountRows(std::span<const TrainingExample> examples,
                  std::span<const size_t> indices,
                  PromptIds& prompts) {
  RowCounter counter(examples, prompts);
  for (const size_t index : indices) counter.add(index);
  return counter.rows();
}

// Cuts `order` into runs that end once they have `share` rows, and before they have more than
// `budget`.
std::vector<Indices> Cut(std::span<const TrainingExample> examples,
                         std::span<const size_t> order,
                         int64_t share,
                         int64_t budget,
                         PromptIds& prompts) {
  std::vector<Indices> runs;
  RowCounter counter(examples, prompts);
  for (const size_t index : order) {
    const bool full = counter.rows() >= share || counter.rows() + counter.cost(index) > budget;
    if (runs.empty() || full) {
      runs.emplace_back();
      counter.clear();
    }
    runs.back().push_back(index);
    counter.add(index);
  }
  return runs;
}

// Runs of about equal size within the budget: as few as it takes, found by trying.
std::vector<Indices> CutEvenly(std::span<const TrainingExample> examples,
                               std::span<const size_t> order,
                               int64_t budget) {
  constexpr int64_t kTries = 8;
  PromptIds prompts(examples);
  const int64_t total = CountRows(examples, order, prompts);
  budget = std::max<int64_t>(budget, 1);
  int64_t count = std::max<int64_t>(1, (total + budget - 1) / budget);
  std::vector<Indices> runs;
  for (int64_t attempt = 0; attempt < kTries; ++attempt) {
    runs = Cut(examples, order, (total + count - 1) / count, budget, prompts);
    if (static_cast<int64_t>(runs.size()) <= count) break;
    count = static_cast<int64_t>(runs.size());
  }
  return runs;
}

// Examples with the same prompt together, prompts in the order in which they come up.
Indices GroupByPrompt(std::span<const TrainingExample> examples, std::span<const size_t> order) {
  PromptIds prompts(examples);
  std::vector<Indices> groups;
  for (const size_t index : order) {
    const size_t id = prompts.of(index);
    if (id == groups.size()) groups.emplace_back();
    groups[id].push_back(index);
  }
  Indices grouped;
  for (const Indices& group : groups) grouped.insert(grouped.end(), group.begin(), group.end());
  return grouped;
}

// A random order in which up to `max_group` examples with the same prompt stay together.
Indices ShuffledByGroup(std::span<const TrainingExample> examples,
                        const RandomStream& stream,
                        size_t max_group) {
  Indices order(examples.size());
  std::iota(order.begin(), order.end(), size_t{0});
  Shuffle(std::span(order), stream);
  order = GroupByPrompt(examples, order);
  PromptIds prompts(examples);
  std::vector<std::pair<uint64_t, Indices>> chunks;  // by a random number of their own
  size_t previous = 0;
  for (const size_t index : order) {
    const size_t id = prompts.of(index);
    if (chunks.empty() || id != previous || chunks.back().second.size() == max_group) {
      const auto words =
          stream.at(examples.size() + chunks.size());  // Shuffle took the counters below
      chunks.emplace_back((uint64_t{words[1]} << 32) | words[0], Indices());
    }
    chunks.back().second.push_back(index);
    previous = id;
  }
  std::ranges::stable_sort(chunks, {}, [](const auto& chunk) { return chunk.first; });
  order.clear();
  for (const auto& [random, chunk] : chunks) order.insert(order.end(), chunk.begin(), chunk.end());
  return order;
}

void AppendRows(std::span<const int32_t> tokens, int32_t first_position, PackedBatch& batch) {
  batch.tokens.insert(batch.tokens.end(), tokens.begin(), tokens.end());
  for (size_t i = 0; i < tokens.size(); ++i)
    batch.positions.push_back(first_position + static_cast<int32_t>(i));
}

int64_t Rows(const PackedBatch& batch) { return static_cast<int64_t>(batch.tokens.size()); }

Segment AppendPrompt(const TrainingExample& example, PackedBatch& batch) {
  Segment segment;
  segment.begin = Rows(batch);
  AppendRows(example.prompt_tokens, 0, batch);
  segment.end = Rows(batch);
  if (segment.end > segment.begin) batch.segments.push_back(segment);
  return segment;
}

void AppendCompletion(const TrainingExample& example, const Segment& prompt, PackedBatch& batch) {
  if (example.tokens.empty()) return;
  const int64_t begin = Rows(batch);
  const auto inputs = std::span(example.tokens).first(example.tokens.size() - 1);
  AppendRows(inputs, static_cast<int32_t>(prompt.end - prompt.begin), batch);
  if (!inputs.empty()) batch.segments.push_back({begin, Rows(batch), prompt.begin, prompt.end});
  const auto weight =
      static_cast<float>(example.weight / static_cast<double>(example.tokens.size()));
  for (size_t i = 0; i < example.tokens.size(); ++i) {
    if (i == 0 && prompt.end == prompt.begin)
      continue;  // nothing predicts the first token of an empty prompt
    batch.target_rows.push_back(i == 0 ? prompt.end - 1 : begin + static_cast<int64_t>(i) - 1);
    batch.target_tokens.push_back(example.tokens[i]);
    batch.target_weights.push_back(weight);
  }
}

// `indices` are grouped by prompt.
PackedBatch Pack(std::span<const TrainingExample> examples,
                 std::span<const size_t> indices,
                 PromptIds& prompts) {
  PackedBatch batch;
  Segment prompt;
  for (size_t i = 0; i < indices.size(); ++i) {
    const TrainingExample& example = examples[indices[i]];
    if (i == 0 || prompts.of(indices[i]) != prompts.of(indices[i - 1]))
      prompt = AppendPrompt(example, batch);
    AppendCompletion(example, prompt, batch);
  }
  return batch;
}

}  // namespace

int64_t PackedRows(std::span<const TrainingExample> examples, std::span<const size_t> indices) {
  PromptIds prompts(examples);
  return CountRows(examples, indices, prompts);
}

std::vector<Indices> MakeSteps(std::span<const TrainingExample> examples,
                               int64_t tokens_per_step,
                               const RandomStream& stream,
                               size_t max_group) {
  const Indices order = ShuffledByGroup(examples, stream, std::max<size_t>(max_group, 1));
  return CutEvenly(examples, order, tokens_per_step);
}

std::vector<PackedBatch> PackStep(std::span<const TrainingExample> examples,
                                  std::span<const size_t> step,
                                  int64_t micro_batch_tokens) {
  const Indices grouped = GroupByPrompt(examples, step);
  PromptIds prompts(examples);
  std::vector<PackedBatch> batches;
  for (const Indices& run : CutEvenly(examples, grouped, micro_batch_tokens)) {
    batches.push_back(Pack(examples, run, prompts));
  }
  return batches;
}

}  // namespace restem
