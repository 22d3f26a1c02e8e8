#include "sampler/cuda/step_followers.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <exception>
#include <functional>
#include <numeric>
#include <utility>
#include <vector>

#include "base/shutdown.h"
#include "sampler/broadcast_numbers.h"
#include "sampler/cuda/step_runner.h"

namespace restem::cuda {
namespace {

enum class Kind : int64_t { kGone, kFree, kBegin, kStep, kCopy, kEnd };

// What is told, and numbers that go with it; of a step its input follows, so many bytes.
struct Message {
  Kind kind = Kind::kGone;
  std::array<int64_t, 9> numbers = {};
};

using Header = std::array<int64_t, 10>;

absl::Status Guarded(GroupParts& steps, const std::function<void()>& call) {
  try {
    call();
    return absl::OkStatus();
  } catch (const std::exception& exception) {
    absl::Status status = steps.failure();
    status.Update(Failed(fmt::format("sampling: {}", exception.what())));
    return status;
  }
}

absl::Status Tell(GroupParts& steps, const Message& message, std::span<const std::byte> data = {}) {
  return Guarded(steps, [&] {
    Header header = {static_cast<int64_t>(message.kind)};
    std::ranges::copy(message.numbers, header.begin() + 1);
    BroadcastNumbers(steps, header);
    if (data.empty()) return;
    std::vector<int8_t> bytes(data.size());
    std::ranges::transform(data, bytes.begin(), [](std::byte b) { return static_cast<int8_t>(b); });
    BroadcastNumbers(steps, bytes);
  });
}

absl::StatusOr<Message> Hear(GroupParts& steps) {
  Message message;
  RESTEM_RETURN_IF_ERROR(Guarded(steps, [&] {
    Header header = {};
    BroadcastNumbers(steps, header);
    message.kind = static_cast<Kind>(header[0]);
    std::copy(header.begin() + 1, header.end(), message.numbers.begin());
  }));
  RESTEM_RETURN_IF_ERROR(CheckStop());
  return message;
}

Message MessageOfGeneration(const Generation& generation) {
  const SamplingParams& params = generation.params;
  return {Kind::kBegin,
          {generation.pages,
           generation.most.drawing,
           generation.most.feeding,
           generation.most.max_keys,
           std::bit_cast<int64_t>(params.temperature),
           params.top_k,
           std::bit_cast<int64_t>(params.top_p),
           params.ignore_eos ? 1 : 0,
           generation.same_shape ? 1 : 0}};
}

Generation GenerationOf(const Message& message) {
  const auto& n = message.numbers;
  Generation generation = {n[0], {n[1], n[2], n[3]}, {}, n[8] != 0};
  generation.params.temperature = std::bit_cast<double>(n[4]);
  generation.params.top_k = n[5];
  generation.params.top_p = std::bit_cast<double>(n[6]);
  generation.params.ignore_eos = n[7] != 0;
  return generation;
}

Message MessageOfStep(const StepShape& shape, size_t bytes) {
  return {Kind::kStep, {shape.drawing, shape.feeding, shape.max_keys, static_cast<int64_t>(bytes)}};
}

std::string FreeName(int64_t number) { return fmt::format("free memory {}", number); }

// Puts a told step on the stream; of those under way the oldest is waited for where there are
// enough.
absl::Status RunStep(GroupParts& steps, const Message& message, StepRunner& runner) {
  std::vector<int8_t> bytes(static_cast<size_t>(message.numbers[3]));
  RESTEM_RETURN_IF_ERROR(Guarded(steps, [&] { BroadcastNumbers(steps, bytes); }));
  if (runner.under_way() == StepRunner::kDepth) RESTEM_RETURN_IF_ERROR(runner.collect().status());
  return runner.launch_as_told({message.numbers[0], message.numbers[1], message.numbers[2]},
                               std::as_bytes(std::span(bytes)));
}

absl::Status FollowGeneration(const DeviceModel& part,
                              const GpuParts& parts,
                              const Generation& generation) {
  RESTEM_ASSIGN_OR_RETURN(const Stream stream, NewStream());
  RESTEM_ASSIGN_OR_RETURN(const std::unique_ptr<DeviceKvPages> pages,
                          DeviceKvPages::create(part, generation.pages, stream.get()));
  RESTEM_ASSIGN_OR_RETURN(const std::unique_ptr<StepRunner> runner,
                          StepRunner::create(part,
                                             *pages,
                                             {.most = generation.most,
                                              .params = generation.params,
                                              .same_shape = generation.same_shape,
                                              .parts = parts.device.get()},
                                             stream.get()));
  while (true) {
    RESTEM_ASSIGN_OR_RETURN(const Message message, Hear(*parts.steps));
    if (message.kind == Kind::kEnd) return absl::OkStatus();
    if (message.kind == Kind::kCopy) {
      pages->copy(static_cast<int32_t>(message.numbers[0]),
                  static_cast<int32_t>(message.numbers[1]));
    } else {
      RESTEM_RETURN_IF_ERROR(RunStep(*parts.steps, message, *runner));
    }
  }
}

}  // namespace

absl::StatusOr<GpuParts> FormGpuParts(
    std::shared_ptr<Group> group,
    const std::function<std::shared_ptr<DeviceParts>(std::shared_ptr<Group>)>& device_of) {
  std::vector<int64_t> ranks(static_cast<size_t>(group->size()));
  std::iota(ranks.begin(), ranks.end(), 0);
  RESTEM_ASSIGN_OR_RETURN(auto steps, group->form_among("steps", ranks, Group::Waits::kForWork));
  RESTEM_ASSIGN_OR_RETURN(auto activations, group->form_among("activations", ranks));
  return GpuParts{std::move(group),
                  std::make_shared<GroupParts>(std::move(steps)),
                  device_of(std::move(activations))};
}

StepFollowers::~StepFollowers() { Tell(*parts_.steps, {Kind::kGone}).IgnoreError(); }

absl::StatusOr<int64_t> StepFollowers::least_free(int64_t free) {
  RESTEM_RETURN_IF_ERROR(Tell(*parts_.steps, {Kind::kFree, {++asked_}}));
  return parts_.group->least(FreeName(asked_), free);
}

absl::Status StepFollowers::begin(const Generation& generation) {
  return Tell(*parts_.steps, MessageOfGeneration(generation));
}

absl::Status StepFollowers::step(const StepShape& shape, std::span<const std::byte> input) {
  return Tell(*parts_.steps, MessageOfStep(shape, input.size()), input);
}

absl::Status StepFollowers::copy_page(int32_t from, int32_t to) {
  return Tell(*parts_.steps, {Kind::kCopy, {from, to}});
}

absl::Status StepFollowers::end() { return Tell(*parts_.steps, {Kind::kEnd}); }

absl::Status FollowSteps(const DeviceModel& part, const GpuParts& parts) {
  while (true) {
    RESTEM_ASSIGN_OR_RETURN(const Message message, Hear(*parts.steps));
    switch (message.kind) {
      case Kind::kGone:
        return absl::OkStatus();
      case Kind::kFree: {
        RESTEM_ASSIGN_OR_RETURN(const int64_t free, FreeDeviceMemory());
        RESTEM_RETURN_IF_ERROR(parts.group->least(FreeName(message.numbers[0]), free).status());
        break;
      }
      case Kind::kBegin:
        RESTEM_RETURN_IF_ERROR(FollowGeneration(part, parts, GenerationOf(message)));
        break;
      case Kind::kStep:
      case Kind::kCopy:
      case Kind::kEnd:
        return Failed("sampling: a step of no generation was told");
    }
  }
}

}  // namespace restem::cuda
