// Steps as CUDA graphs: a decode step is hundreds of short kernels, which the host could not launch
// one by one as fast as the GPU runs them.
#pragma once

#include <cuda_runtime_api.h>

#include <functional>
#include <map>
#include <memory>

#include "base/status.h"
#include "sampler/cuda/step_input.h"

namespace restem::cuda {

struct DestroyGraph {
  void operator()(CUgraph_st* graph) const { cudaGraphDestroy(graph); }
  void operator()(CUgraphExec_st* graph) const { cudaGraphExecDestroy(graph); }
};

// Graphs of one stream by the shape of the step.
class StepGraphs {
 public:
  explicit StepGraphs(cudaStream_t stream) : stream_(stream) {}

  // `launch` puts on the stream what depends on the shape alone. The first time it does; the second
  // time it is recorded; from then on the record is launched. So shapes that come once cost no
  // record, and nothing is recorded that has not run.
  absl::Status run(const StepShape& shape, const std::function<absl::Status()>& launch);

 private:
  using Executable = std::unique_ptr<CUgraphExec_st, DestroyGraph>;

  absl::StatusOr<Executable> record(const std::function<absl::Status()>& launch);

  cudaStream_t stream_;
  std::map<StepShape, Executable> graphs_;  // null: ran once
};

}  // namespace restem::cuda
