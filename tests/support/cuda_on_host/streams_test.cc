// Streams are as late as they may be, and graphs do what was captured.
#include <gtest/gtest.h>

#include "kernels/device_array.h"
#include "launch_for_test.h"

namespace restem::testing {
namespace {

void AddOne(int* x) { *x += 1; }

class StreamsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), cudaSuccess);
    ASSERT_EQ(cudaEventCreateWithFlags(&event_, cudaEventDisableTiming), cudaSuccess);
  }
  void TearDown() override {
    EXPECT_EQ(cudaEventDestroy(event_), cudaSuccess);
    EXPECT_EQ(cudaStreamDestroy(stream_), cudaSuccess);
  }

  cudaError_t add_one(int* x) {
    cudaLaunchConfig_t config = {};
    config.stream = stream_;
    return cudaLaunchKernelEx(&config, AddOne, x);
  }

  cudaStream_t stream_ = nullptr;
  cudaEvent_t event_ = nullptr;
};

TEST_F(StreamsTest, NothingIsDoneBeforeTheHostWaits) {
  int x = 1;
  ASSERT_EQ(add_one(&x), cudaSuccess);
  EXPECT_EQ(x, 1);
  ASSERT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
  EXPECT_EQ(x, 2);
}

TEST_F(StreamsTest, AnEventIsWaitedForAndNoMore) {
  int x = 1;
  int copy = 0;
  add_one(&x);
  ASSERT_EQ(cudaMemcpyAsync(&copy, &x, sizeof(x), cudaMemcpyDeviceToHost, stream_), cudaSuccess);
  ASSERT_EQ(cudaEventRecord(event_, stream_), cudaSuccess);
  add_one(&x);
  ASSERT_EQ(cudaEventSynchronize(event_), cudaSuccess);
  EXPECT_EQ(copy, 2);
  EXPECT_EQ(x, 2);
  ASSERT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
  EXPECT_EQ(x, 3);
}

// What a copy reads is what stands there when the stream comes to it.
TEST_F(StreamsTest, AnInputThatIsOverwrittenTooEarlyShows) {
  int source = 1;
  int target = 0;
  ASSERT_EQ(cudaMemcpyAsync(&target, &source, sizeof(int), cudaMemcpyHostToDevice, stream_),
            cudaSuccess);
  source = 7;
  ASSERT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
  EXPECT_EQ(target, 7);
}

TEST_F(StreamsTest, TheDeviceIsWaitedForAsAWhole) {
  int x = 1;
  add_one(&x);
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(x, 2);
}

TEST_F(StreamsTest, AGraphDoesItAgain) {
  int x = 0;
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t executable = nullptr;
  ASSERT_EQ(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal), cudaSuccess);
  add_one(&x);
  EXPECT_EQ(cudaStreamSynchronize(stream_), cudaErrorStreamCaptureUnsupported);
  void* memory = nullptr;
  EXPECT_EQ(cudaMalloc(&memory, 16), cudaErrorStreamCaptureUnsupported);
  ASSERT_EQ(cudaStreamEndCapture(stream_, &graph), cudaSuccess);
  ASSERT_EQ(cudaGraphInstantiate(&executable, graph, 0), cudaSuccess);
  ASSERT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
  EXPECT_EQ(x, 0);
  for (int i = 0; i < 2; ++i) ASSERT_EQ(cudaGraphLaunch(executable, stream_), cudaSuccess);
  ASSERT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
  EXPECT_EQ(x, 2);
  EXPECT_EQ(cudaGraphDestroy(graph), cudaSuccess);
  EXPECT_EQ(cudaGraphExecDestroy(executable), cudaSuccess);
}

}  // namespace
}  // namespace restem::testing
