#include "sampler/cuda/step_runner.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <bit>
#include <utility>

#include "sampler/cuda/step_followers.h"

namespace restem::cuda {
namespace {

// The smallest power of two from `least` on that is no less than `value`, but `most` at most.
int64_t PowerOfTwo(int64_t value, int64_t least, int64_t most) {
  return std::min(
      most, static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(std::max(value, least)))));
}

// Rounded up to an eighth of the next power of two, and to 8 at least, but `most` at most.
int64_t EighthSteps(int64_t value, int64_t most) {
  const int64_t step = PowerOfTwo(value, /*least=*/64, /*most=*/value * 2 + 64) / 8;
  return std::min(most, (value + step - 1) / step * step);
}

int64_t InputBytes(const StepShape& most) {
  return StepInput::Bytes(most, /*sequences=*/most.rows());
}

}  // namespace

int64_t StepRunner::DeviceBytes(const DeviceModel& model, const StepShape& most) {
  return StepRoom::Bytes(model, most) + InputBytes(most);
}

absl::StatusOr<std::unique_ptr<StepRunner>> StepRunner::create(const DeviceModel& model,
                                                               const DeviceKvPages& pages,
                                                               const StepRunnerOptions& options,
                                                               cudaStream_t stream) {
  std::unique_ptr<StepRunner> runner(new StepRunner(model, pages, options, stream));
  RESTEM_RETURN_IF_ERROR(runner->allocate(model.config));
  return runner;
}

StepRunner::StepRunner(const DeviceModel& model,
                       const DeviceKvPages& pages,
                       const StepRunnerOptions& options,
                       cudaStream_t stream)
    : pages_(pages),
      options_(options),
      stream_(stream),
      context_{.model = model, .pages = pages, .room = {}, .rule = {}, .parts = options.parts},
      graphs_(stream) {}

absl::Status StepRunner::allocate(const ModelConfig& config) {
  const StepShape& most = options_.most;
  const SamplingParams& params = options_.params;
  RESTEM_ASSIGN_OR_RETURN(room_memory_,
                          AllocateDevice(StepRoom::Bytes(context_.model, most), "activations"));
  RESTEM_ASSIGN_OR_RETURN(input_memory_, AllocateDevice(InputBytes(most), "the input of steps"));
  context_.room = StepRoom::In(room_memory_.data(), context_.model, most);
  context_.rule.sampling = {params.temperature, params.top_k, params.top_p};
  if (!params.ignore_eos) {
    const std::vector<int32_t>& ends = config.eos_token_ids;
    RESTEM_ASSIGN_OR_RETURN(end_tokens_, UploadNew<int32_t>(ends, "end tokens"));
    context_.rule.end_tokens = end_tokens_.as<int32_t>();
    context_.rule.end_count = static_cast<int64_t>(ends.size());
  }
  for (Flight& flight : flights_) {
    RESTEM_ASSIGN_OR_RETURN(flight.input, AllocatePinned(InputBytes(most), "the input of steps"));
    RESTEM_ASSIGN_OR_RETURN(flight.drawn, AllocatePinned(DrawnBytes(most.drawing), "drawn tokens"));
    RESTEM_ASSIGN_OR_RETURN(flight.done, NewEvent());
  }
  return absl::OkStatus();
}

StepRunner::~StepRunner() { cudaStreamSynchronize(stream_); }

StepShape StepRunner::bucket(const StepShape& shape) const {
  constexpr int64_t kLeastFeeding = 16;
  constexpr int64_t kLeastKeys = 256;
  const StepShape& most = options_.most;
  const int64_t keys = PowerOfTwo(shape.max_keys, kLeastKeys, most.max_keys);
  if (options_.same_shape) return {most.drawing, most.feeding, keys};
  return {EighthSteps(shape.drawing, most.drawing),
          shape.feeding == 0 ? 0 : PowerOfTwo(shape.feeding, kLeastFeeding, most.feeding),
          keys};
}

StepRunner::Flight& StepRunner::next_flight() {
  TORCH_CHECK(under_way() < kDepth, "StepRunner: too many steps under way");
  return flights_[launched_++ % kDepth];
}

absl::Status StepRunner::launch(const PlannedStep& step) {
  Flight& flight = next_flight();
  flight.drawing = step.drawing();
  RESTEM_RETURN_IF_ERROR(pages_.status());
  const StepShape shape = bucket(step.shape());
  step.write(shape, StepInput::In(flight.input.data(), shape));
  const int64_t bytes = StepInput::Bytes(shape, step.sequences());
  if (options_.followers != nullptr) {
    RESTEM_RETURN_IF_ERROR(options_.followers->step(
        shape, {flight.input.as<const std::byte>(), static_cast<size_t>(bytes)}));
  }
  return submit(flight, shape, bytes);
}

absl::Status StepRunner::launch_as_told(const StepShape& shape, std::span<const std::byte> input) {
  Flight& flight = next_flight();
  flight.drawing = 0;  // the first rank reads what was drawn
  RESTEM_RETURN_IF_ERROR(pages_.status());
  TORCH_CHECK(std::ssize(input) <= flight.input.bytes(), "StepRunner: a step is too large");
  std::ranges::copy(input, flight.input.as<std::byte>());
  return submit(flight, shape, std::ssize(input));
}

absl::Status StepRunner::submit(Flight& flight, const StepShape& shape, int64_t input_bytes) {
  RESTEM_RETURN_IF_ERROR(Check(cudaMemcpyAsync(input_memory_.data(),
                                               flight.input.data(),
                                               static_cast<size_t>(input_bytes),
                                               cudaMemcpyHostToDevice,
                                               stream_),
                               "copying a step's input"));
  const StepInput input = StepInput::In(input_memory_.data(), shape);
  const auto launch = [&] { return LaunchStep(context_, shape, input, stream_); };
  RESTEM_RETURN_IF_ERROR(options_.parts == nullptr ? graphs_.run(shape, launch) : launch());
  RESTEM_RETURN_IF_ERROR(Check(cudaMemcpyAsync(flight.drawn.data(),
                                               context_.room.drawn.tokens,
                                               static_cast<size_t>(flight.drawn.bytes()),
                                               cudaMemcpyDeviceToHost,
                                               stream_),
                               "copying drawn tokens"));
  return Check(cudaEventRecord(flight.done.get(), stream_), "recording an event");
}

absl::StatusOr<std::vector<TokenDraw>> StepRunner::collect() {
  TORCH_CHECK(collected_ < launched_, "StepRunner: no step is under way");
  const Flight& flight = flights_[collected_++ % kDepth];
  RESTEM_RETURN_IF_ERROR(Check(cudaEventSynchronize(flight.done.get()), "a step"));
  if (options_.parts != nullptr) RESTEM_RETURN_IF_ERROR(options_.parts->check());
  const kernels::DrawnTokens drawn = DrawnIn(flight.drawn.data(), options_.most.drawing);
  std::vector<TokenDraw> draws;
  for (int64_t i = 0; i < flight.drawing; ++i)
    draws.push_back({drawn.tokens[i], drawn.logprobs[i], drawn.sampled_logprobs[i]});
  return draws;
}

}  // namespace restem::cuda
