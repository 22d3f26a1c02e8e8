// The GPUs' engine with a model in parts, each in a process with a host executor of its own: it
// draws what one draws that has the whole model.
#include <ATen/ops/from_blob.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "comm/team.h"
#include "model/part.h"
#include "sampler/cuda/engine.h"
#include "sampler/stories_engine.h"
#include "support/free_port.h"

namespace restem {
namespace {

using testing::Samples;
using testing::StoriesEngine;

// On the host executor a stream does nothing until it is waited for; what ranks do together is done
// at once, when all before it is.
class HostParts : public cuda::DeviceParts {
 public:
  explicit HostParts(std::shared_ptr<Group> group) : group_(std::move(group)) {}
  absl::Status sum(kernels::Precision precision,
                   void* data,
                   int64_t count,
                   cudaStream_t stream) override {
    if (precision != kernels::Precision::kFloat32) return Failed("not float32");
    RESTEM_RETURN_IF_ERROR(cuda::Check(cudaStreamSynchronize(stream), "waiting"));
    return group_->all_reduce(at::from_blob(data, {count}, at::kFloat));
  }
  absl::Status gather(void* whole, const void* part, int64_t bytes, cudaStream_t stream) override {
    RESTEM_RETURN_IF_ERROR(cuda::Check(cudaStreamSynchronize(stream), "waiting"));
    const at::Tensor own = at::from_blob(const_cast<void*>(part), {bytes}, at::kByte);
    const at::Tensor all = at::from_blob(whole, {group_->size() * bytes}, at::kByte);
    return group_->all_gather(all, own).wait();
  }
  absl::Status check() override { return absl::OkStatus(); }

 private:
  const std::shared_ptr<Group> group_;
};

absl::StatusOr<cuda::GpuParts> FormParts(Team& team) {
  std::vector<std::string> members;
  for (int64_t rank = 0; rank < team.size(); ++rank) {
    RESTEM_ASSIGN_OR_RETURN(members.emplace_back(), team.process_of(rank));
  }
  RESTEM_ASSIGN_OR_RETURN(auto group, team.form("engine", members));
  return cuda::FormGpuParts(std::move(group), [](std::shared_ptr<Group> activations) {
    return std::make_shared<HostParts>(std::move(activations));
  });
}

class CudaPartsTest : public StoriesEngine, public ::testing::WithParamInterface<int64_t> {
 protected:
  void SetUp() override {
    StoriesEngine::SetUp();
    if (IsSkipped()) return;
    // So wide that each of four parts has a multiple of four.
    model_.config.intermediate_size = 176;
    model_.config.initializer_range = 0.2;
    model_.weights = InitialWeights(model_.config, /*seed=*/3);
  }

  absl::StatusOr<std::shared_ptr<Team>> join(int64_t rank, int64_t ranks) const {
    setenv("RANK", std::to_string(rank).c_str(), 1);
    setenv("WORLD_SIZE", std::to_string(ranks).c_str(), 1);
    setenv("LOCAL_RANK", std::to_string(rank).c_str(), 1);
    setenv("LOCAL_WORLD_SIZE", std::to_string(ranks).c_str(), 1);
    setenv("MASTER_ADDR", "127.0.0.1", 1);
    setenv("MASTER_PORT", std::to_string(port_).c_str(), 1);
    return Team::join({});
  }

  // The part of this process, and what it says to the others.
  absl::Status follow(int64_t rank, int64_t ranks) const {
    RESTEM_ASSIGN_OR_RETURN(const auto team, join(rank, ranks));
    RESTEM_ASSIGN_OR_RETURN(const cuda::GpuParts parts, FormParts(*team));
    RESTEM_ASSIGN_OR_RETURN(const Model part, PartOf(model_, {rank, ranks}));
    RESTEM_ASSIGN_OR_RETURN(const cuda::DeviceModel own, cuda::UploadModel(part, ranks));
    RESTEM_RETURN_IF_ERROR(cuda::FollowSteps(own, parts));
    return team->leave();
  }

  absl::StatusOr<Samples> lead(int64_t ranks,
                               const std::vector<SampleRequest>& requests,
                               const SamplingParams& params,
                               const EngineOptions& options) const {
    RESTEM_ASSIGN_OR_RETURN(const auto team, join(0, ranks));
    Samples samples;
    {
      RESTEM_ASSIGN_OR_RETURN(cuda::GpuParts parts, FormParts(*team));
      RESTEM_ASSIGN_OR_RETURN(const Model part, PartOf(model_, {0, ranks}));
      RESTEM_ASSIGN_OR_RETURN(
          const auto engine,
          cuda::CudaEngine::create(part,
                                   tokenizer_,
                                   options,
                                   std::make_unique<cuda::StepFollowers>(std::move(parts)),
                                   ranks));
      for (int round = 0; round < 2; ++round) {  // an engine draws more than once
        samples.clear();
        RESTEM_RETURN_IF_ERROR(engine
                                   ->generate(requests,
                                              params,
                                              [&](Sample&& sample) {
                                                const auto key =
                                                    std::pair(sample.problem, sample.sample);
                                                samples.emplace(key, std::move(sample));
                                                return absl::OkStatus();
                                              })
                                   .status());
      }
    }
    RESTEM_RETURN_IF_ERROR(team->leave());
    return samples;
  }

  const uint16_t port_ = testing::FreePort();
};

TEST_P(CudaPartsTest, SamplesAreThoseOfTheWholeModel) {
  const int64_t ranks = GetParam();
  SamplingParams params;
  params.max_new_tokens = 6;
  params.top_k = 40;
  auto requests = stories(2);
  requests.resize(4);
  const EngineOptions options = {.device = "cuda", .batch_tokens = 16};
  const auto whole = draw(requests, params, 1, 16);
  ASSERT_TRUE(whole.ok()) << whole.status();
  std::vector<pid_t> others;
  for (int64_t rank = 1; rank < ranks; ++rank) {
    others.push_back(fork());
    if (others.back() > 0) continue;
    const absl::Status status = follow(rank, ranks);
    if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
    _exit(status.ok() ? 0 : 1);
  }
  const auto samples = lead(ranks, requests, params, options);
  EXPECT_TRUE(samples.ok()) << samples.status();
  for (const pid_t other : others) {
    int code = -1;
    EXPECT_EQ(waitpid(other, &code, 0), other);
    EXPECT_EQ(code, 0);
  }
  ASSERT_TRUE(samples.ok());
  ASSERT_EQ(samples->size(), whole->size());
  for (const auto& [key, expected] : *whole) {
    const Sample& actual = samples->at(key);
    EXPECT_EQ(actual.tokens, expected.tokens) << key.first;
    for (size_t i = 0; i < expected.logprobs.size(); ++i)
      EXPECT_NEAR(actual.logprobs[i], expected.logprobs[i], 2e-5) << key.first << " " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Ranks, CudaPartsTest, ::testing::Values(2, 4));

}  // namespace
}  // namespace restem
