#include "sampler/engine_parts.h"

#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>
#include <mutex>
#include <numeric>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/parallel.h"
#include "base/shutdown.h"
#include "sampler/broadcast_numbers.h"
#include "sampler/step_message.h"

namespace restem {
namespace {

constexpr char kGone[] = "gone";  // the first rank's last word instead of a generation

std::string GenerationName(int64_t number) { return fmt::format("generation {}", number); }

// A page and its copy; −1: there are no more.
using PageCopy = std::array<int32_t, 2>;

// A later step may look at the copy, whoever computes it: all have to have it.
void AwaitAll(ModelParts& parts) { parts.sum(at::zeros({1}, at::kFloat)); }

class LeadingPages : public CpuKvPages {
 public:
  LeadingPages(const ModelConfig& config, int64_t pages, std::shared_ptr<GroupParts> others)
      : CpuKvPages(config, pages), others_(std::move(others)) {}

  void copy(int32_t from, int32_t to) override {
    CpuKvPages::copy(from, to);
    const std::lock_guard lock(mutex_);
    PageCopy copy = {from, to};
    BroadcastNumbers(*others_, copy);
    AwaitAll(*others_);
  }

 private:
  const std::shared_ptr<GroupParts> others_;
  std::mutex mutex_;
};

void ServePages(CpuKvPages& pool, ModelParts& parts) {
  while (true) {
    PageCopy copy = {};
    BroadcastNumbers(parts, copy);
    if (copy[0] < 0) return;
    pool.copy(copy[0], copy[1]);
    AwaitAll(parts);
  }
}

void ServeLane(Model model, const CpuKvPages& pool, const std::shared_ptr<GroupParts>& parts) {
  const c10::InferenceMode inference;
  model.parts = parts;
  while (!StopRequested()) {
    const auto rows = ReceiveStep(*parts);
    if (!rows) return;
    RunStep(model, pool, *rows);
  }
}

// A generation of so many lanes and pages.
absl::Status ServeGeneration(const Model& part, EngineParts& parts, int64_t lanes, int64_t pages) {
  CpuKvPages pool(part.config, pages);
  std::vector<absl::Status> outcomes(static_cast<size_t>(lanes) + 1);
  RunLanes(outcomes.size(), [&](size_t i) {
    const bool serves_lane = i < static_cast<size_t>(lanes);
    std::shared_ptr<GroupParts>& own = serves_lane ? parts.lanes[i] : parts.pages;
    try {
      if (serves_lane) {
        ServeLane(part, pool, own);
      } else {
        ServePages(pool, *own);
      }
      outcomes[i] = CheckStop();
    } catch (const std::exception& exception) {
      outcomes[i] = own->failure();
      outcomes[i].Update(Failed(fmt::format("sampling: {}", exception.what())));
    }
    // Who waits for this lane must hear that it is gone, whatever the others still do.
    if (!outcomes[i].ok()) own = nullptr;
  });
  absl::Status all;
  for (absl::Status& outcome : outcomes) all.Update(std::move(outcome));
  return all;
}

}  // namespace

absl::StatusOr<EngineParts> FormEngineParts(std::shared_ptr<Group> group, int64_t lanes) {
  std::vector<int64_t> ranks(static_cast<size_t>(group->size()));
  std::iota(ranks.begin(), ranks.end(), 0);
  RESTEM_ASSIGN_OR_RETURN(lanes, group->least("number of threads", lanes));
  EngineParts parts = {std::move(group), {}, {}};
  const auto form = [&](const std::string& name) -> absl::StatusOr<std::shared_ptr<GroupParts>> {
    RESTEM_ASSIGN_OR_RETURN(auto own, parts.group->form_among(name, ranks, Group::Waits::kForWork));
    return std::make_shared<GroupParts>(std::move(own));
  };
  for (int64_t lane = 0; lane < lanes; ++lane) {
    RESTEM_ASSIGN_OR_RETURN(auto own, form(fmt::format("lane {}", lane)));
    parts.lanes.push_back(std::move(own));
  }
  RESTEM_ASSIGN_OR_RETURN(parts.pages, form("pages"));
  return parts;
}

LeadingParts::~LeadingParts() {
  parts_.group->tell(GenerationName(generations_ + 1), kGone).IgnoreError();
}

absl::Status LeadingParts::begin(int64_t lanes, int64_t pages) {
  return parts_.group->tell(GenerationName(++generations_), fmt::format("{} {}", lanes, pages));
}

void LeadingParts::end_lane(size_t lane) {
  try {
    SendNoMoreSteps(*parts_.lanes[lane]);
  } catch (const std::exception&) {  // failure() knows
  }
}

void LeadingParts::end_pages() {
  try {
    PageCopy none = {-1, -1};
    BroadcastNumbers(*parts_.pages, none);
  } catch (const std::exception&) {
  }
}

absl::Status LeadingParts::failure() const {
  absl::Status first = parts_.pages->failure();
  for (const auto& lane : parts_.lanes) first.Update(lane->failure());
  return first;
}

std::unique_ptr<CpuKvPages> LeadingParts::new_pages(const ModelConfig& config, int64_t pages) {
  return std::make_unique<LeadingPages>(config, pages, parts_.pages);
}

absl::Status ServeParts(const Model& part, EngineParts parts) {
  for (int64_t number = 1;; ++number) {
    RESTEM_ASSIGN_OR_RETURN(const std::string told, parts.group->ask(0, GenerationName(number)));
    if (told == kGone) return absl::OkStatus();
    const std::vector<std::string> words = absl::StrSplit(told, ' ');
    int64_t lanes = 0;
    int64_t pages = 0;
    if (words.size() != 2 || !absl::SimpleAtoi(words[0], &lanes) ||
        !absl::SimpleAtoi(words[1], &pages) || lanes > std::ssize(parts.lanes))
      return Failed(fmt::format("{}: not a generation: {}", parts.group->who(), told));
    RESTEM_RETURN_IF_ERROR(ServeGeneration(part, parts, lanes, pages));
  }
}

}  // namespace restem
