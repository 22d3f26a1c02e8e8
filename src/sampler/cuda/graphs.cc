#include "sampler/cuda/graphs.h"

#include "sampler/cuda/memory.h"

namespace restem::cuda {

absl::Status StepGraphs::run(const StepShape& shape, const std::function<absl::Status()>& launch) {
  const auto [entry, is_new] = graphs_.try_emplace(shape);
  if (is_new) return launch();
  Executable& graph = entry->second;
  if (!graph) {
    RESTEM_ASSIGN_OR_RETURN(graph, record(launch));
  }
  return Check(cudaGraphLaunch(graph.get(), stream_), "launching a step");
}

absl::StatusOr<StepGraphs::Executable> StepGraphs::record(
    const std::function<absl::Status()>& launch) {
  RESTEM_RETURN_IF_ERROR(Check(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal),
                               "beginning to record a step"));
  const absl::Status launched = launch();
  cudaGraph_t recorded = nullptr;
  const cudaError_t ended = cudaStreamEndCapture(stream_, &recorded);
  const std::unique_ptr<CUgraph_st, DestroyGraph> graph(recorded);
  RESTEM_RETURN_IF_ERROR(launched);
  RESTEM_RETURN_IF_ERROR(Check(ended, "recording a step"));
  cudaGraphExec_t executable = nullptr;
  RESTEM_RETURN_IF_ERROR(Check(cudaGraphInstantiate(&executable, graph.get(), /*flags=*/0),
                               "making a graph of a step"));
  return Executable(executable);
}

}  // namespace restem::cuda
