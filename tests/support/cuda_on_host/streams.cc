#include "streams.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <deque>
#include <utility>
#include <vector>

using Work = std::function<void()>;

struct CUgraph_st {
  std::vector<Work> work;
};
struct CUgraphExec_st {
  std::vector<Work> work;
};
struct CUstream_st {
  std::deque<Work> waiting;
  uint64_t done = 0;  // pieces of work
  CUgraph_st* captured = nullptr;

  uint64_t asked() const { return done + waiting.size(); }
  void run_until(uint64_t count) {
    while (done < count && !waiting.empty()) {
      const Work work = std::move(waiting.front());
      waiting.pop_front();
      ++done;
      work();
    }
  }
};
struct CUevent_st {
  CUstream_st* stream = nullptr;
  uint64_t count = 0;  // done when so much of the stream's work is
};

namespace {

// All that are alive.
std::vector<CUstream_st*>& Streams() {
  static std::vector<CUstream_st*> streams;
  return streams;
}

}  // namespace

namespace restem_host_cuda {

void RunAllStreams() {
  for (CUstream_st* stream : Streams()) stream->run_until(stream->asked());
}

bool IsCapturing() {
  return std::any_of(Streams().begin(), Streams().end(), [](const CUstream_st* stream) {
    return stream->captured != nullptr;
  });
}

void Enqueue(cudaStream_t stream, Work work) {
  if (stream == nullptr) return work();
  if (stream->captured != nullptr) {
    stream->captured->work.push_back(std::move(work));
  } else {
    stream->waiting.push_back(std::move(work));
  }
}

}  // namespace restem_host_cuda

using restem_host_cuda::Enqueue;

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  *stream = new CUstream_st;
  Streams().push_back(*stream);
  return cudaSuccess;
}

// What was asked for is still done.
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  stream->run_until(stream->asked());
  std::erase(Streams(), stream);
  delete stream;
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  if (stream == nullptr) return cudaSuccess;
  if (stream->captured != nullptr) return cudaErrorStreamCaptureUnsupported;
  stream->run_until(stream->asked());
  return cudaSuccess;
}

cudaError_t cudaMemsetAsync(void* pointer, int value, size_t bytes, cudaStream_t stream) {
  if (bytes == 0) return cudaSuccess;
  if (!pointer) return cudaErrorInvalidValue;
  Enqueue(stream, [=] { std::memset(pointer, value, bytes); });
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(
    void* destination, const void* source, size_t bytes, cudaMemcpyKind, cudaStream_t stream) {
  if (bytes == 0) return cudaSuccess;
  if (!destination || !source) return cudaErrorInvalidValue;
  Enqueue(stream, [=] { std::memcpy(destination, source, bytes); });
  return cudaSuccess;
}

cudaError_t cudaMemcpy2DAsync(void* destination,
                              size_t destination_pitch,
                              const void* source,
                              size_t source_pitch,
                              size_t width,
                              size_t height,
                              cudaMemcpyKind,
                              cudaStream_t stream) {
  if (width > destination_pitch || width > source_pitch) return cudaErrorInvalidValue;
  Enqueue(stream, [=] {
    for (size_t row = 0; row < height; ++row)
      std::memcpy(static_cast<char*>(destination) + row * destination_pitch,
                  static_cast<const char*>(source) + row * source_pitch,
                  width);
  });
  return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  *event = new CUevent_st;
  return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  if (stream != nullptr && stream->captured != nullptr) return cudaSuccess;  // an edge of the graph
  *event = {stream, stream == nullptr ? 0 : stream->asked()};
  return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  if (event->stream != nullptr) event->stream->run_until(event->count);
  return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  if (stream == nullptr || stream->captured != nullptr) return cudaErrorStreamCaptureUnsupported;
  stream->captured = new CUgraph_st;
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  if (stream == nullptr || stream->captured == nullptr) return cudaErrorInvalidValue;
  *graph = std::exchange(stream->captured, nullptr);
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable,
                                 cudaGraph_t graph,
                                 unsigned long long) {
  *executable = new CUgraphExec_st{graph->work};
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  for (const Work& work : executable->work) Enqueue(stream, work);
  return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  delete executable;
  return cudaSuccess;
}
