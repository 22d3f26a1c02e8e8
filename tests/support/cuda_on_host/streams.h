// Streams of the host executor. On the null stream all is done at once. On another one nothing is
// done before the host waits for it: what the host reads too early, or overwrites while the GPU
// would still read it, shows in every run.
#pragma once

#include <functional>

#include "cuda_runtime_api.h"

namespace restem_host_cuda {

// All work of all streams.
void RunAllStreams();

// Whether a stream is being captured: CUDA refuses to make or free memory then.
bool IsCapturing();

// To be done in the stream's order; while the stream is captured, put down in the graph instead.
void Enqueue(cudaStream_t stream, std::function<void()> work);

}  // namespace restem_host_cuda
