// What looks after collectives on GPUs, with works that stand for NCCL's: none is done before it is
// told so.
#include "comm/gpu_collectives.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <torch/csrc/distributed/c10d/Backend.hpp>

namespace restem {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

struct Transfer : c10d::Work {
  bool isCompleted() override { return done; }
  void fail() { exception_ = std::make_exception_ptr(std::runtime_error("NCCL error")); }
  std::atomic<bool> done{false};
};

struct FakeBackend : c10d::Backend {
  FakeBackend() : c10d::Backend(/*rank=*/0, /*size=*/2) {}
  void abort() override { aborted = true; }
  std::atomic<bool> aborted{false};
};

class GpuCollectivesTest : public ::testing::Test {
 protected:
  c10::intrusive_ptr<Transfer> begin(GpuCollectives& collectives) {
    auto transfer = c10::make_intrusive<Transfer>();
    collectives.begin([&](c10d::Backend& backend) {
      EXPECT_EQ(&backend, backend_.get());
      return transfer;
    });
    return transfer;
  }

  c10::intrusive_ptr<FakeBackend> backend_ = c10::make_intrusive<FakeBackend>();
  std::atomic<bool> all_there_{true};
  GpuCollectives::Missing missing_ = [this]() -> absl::StatusOr<std::string> {
    return all_there_ ? "" : "rank 1 has given up";
  };
};

TEST_F(GpuCollectivesTest, SettlesWhenAllIsDone) {
  GpuCollectives collectives(backend_, 60s, missing_);
  EXPECT_TRUE(collectives.settle().ok());
  const auto first = begin(collectives);
  const auto second = begin(collectives);
  std::thread gpu([&] {
    std::this_thread::sleep_for(700ms);  // longer than it takes to look who is there
    second->done = true;
    first->done = true;
  });
  EXPECT_TRUE(collectives.settle().ok());
  EXPECT_TRUE(first->done && second->done);
  gpu.join();
  EXPECT_FALSE(backend_->aborted);
}

TEST_F(GpuCollectivesTest, IsBrokenOffWhereAMemberIsLost) {
  GpuCollectives collectives(backend_, 60s, missing_);
  const auto transfer = begin(collectives);
  all_there_ = false;
  const absl::Status status = collectives.settle();
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(std::string(MessageOf(status)), HasSubstr("rank 1 has given up"));
  EXPECT_TRUE(backend_->aborted);
  EXPECT_FALSE(collectives.settle().ok()) << "it stays so";
}

TEST_F(GpuCollectivesTest, IsBrokenOffWhereNoAnswerComes) {
  GpuCollectives collectives(backend_, 1s, missing_);
  const auto transfer = begin(collectives);
  EXPECT_THAT(std::string(MessageOf(collectives.settle())),
              HasSubstr("no answer on the GPU within"));
  EXPECT_TRUE(backend_->aborted);
}

TEST_F(GpuCollectivesTest, AFailureIsOneForAllThatComesAfter) {
  GpuCollectives collectives(backend_, 60s, missing_);
  const auto transfer = begin(collectives);
  transfer->fail();
  transfer->done = true;
  EXPECT_THAT(std::string(MessageOf(collectives.settle())), HasSubstr("on the GPU failed"));
  EXPECT_THAT(collectives.failure(), HasSubstr("on the GPU failed"));
  EXPECT_THROW(begin(collectives), c10::Error);
}

TEST_F(GpuCollectivesTest, WhatIsUnderWayEndsWithIt) {
  { GpuCollectives idle(backend_, 60s, missing_); }
  EXPECT_FALSE(backend_->aborted);
  {
    GpuCollectives collectives(backend_, 60s, missing_);
    begin(collectives);
  }
  EXPECT_TRUE(backend_->aborted);
}

}  // namespace
}  // namespace restem
